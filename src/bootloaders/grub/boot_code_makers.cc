#include "bootloaders/grub/boot_code_makers.h"

#include <charconv>
#include <cstdint>
#include <string>
#include <utility>

#include "bootloaders/grub/maker_input.h"
#include "formats/grub_boot_sector.h"

namespace cordwainer::grub {
namespace {

constexpr const char* kBootSectorMaker = "grub-boot-sector";
constexpr const char* kPlacedCoreMaker = "grub-core-at";

constexpr std::size_t kSectorSize = 512;
constexpr std::size_t kDriveCheckOffset = 0x66;
constexpr std::uint16_t kDriveCheckJump = 0x05eb;  // eb 05, little-endian
constexpr std::uint16_t kTwoNops = 0x9090;
constexpr std::size_t kSignatureOffset = 0x1fe;
constexpr std::uint16_t kSignature = 0xaa55;
constexpr std::size_t kBlockListOffset = 0x1f4;
constexpr std::uint16_t kBlockListSegment = 0x0820;  // where diskboot.S loads the rest
constexpr std::uint64_t kMostSectors = 0xffff;       // the block list counts with 16 bits

Result<std::uint64_t> number_parameter(const Recipe& recipe, const std::string& name) {
    const std::string text = TRY(parameter(recipe, name));
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return Error(Errc::invalid_input, "\"" + text + "\" is no number of sectors");
    }
    return number;
}

// Marks the sector with the core that the recipe names, if it does; whether that could be done.
bool mark(const Recipe& recipe, Bytes& sector) {
    const auto key = recipe.parameters.find("core");
    if (key == recipe.parameters.end()) return true;
    const auto core = Digest::from_hex(key->second);
    return core && put_core_mark(sector, *core);
}

Result<Bytes> make_boot_sector(const Recipe& recipe,
                               const MakerInputs& inputs,
                               const std::filesystem::path& /*scratch*/,
                               Runner& /*runner*/) {
    const auto path = TRY(input_path(inputs, "boot.img"));
    Bytes sector = TRY(read_bytes(path));
    if (sector.size() != kSectorSize || le16_at(sector, kSignatureOffset) != kSignature ||
        le16_at(sector, kDriveCheckOffset) != kDriveCheckJump ||
        !put_le(sector, kDriveCheckOffset, 2, kTwoNops) || !mark(recipe, sector)) {
        return Error(Errc::corrupt,
                     path.string() + " is not the boot sector of a GRUB that cordwainer knows");
    }
    return sector;
}

Result<Bytes> make_placed_core(const Recipe& recipe,
                               const MakerInputs& inputs,
                               const std::filesystem::path& /*scratch*/,
                               Runner& /*runner*/) {
    const auto path = TRY(input_path(inputs, "core.img"));
    const std::uint64_t first = TRY(number_parameter(recipe, "first-lba"));
    const std::uint64_t room = TRY(number_parameter(recipe, "sectors"));
    Bytes core = TRY(read_bytes(path));
    if (core.size() <= kSectorSize || le16_at(core, kBlockListOffset + 10) != kBlockListSegment) {
        return Error(Errc::corrupt, path.string() + " is not a core image that cordwainer knows");
    }
    const std::uint64_t sectors = (core.size() + kSectorSize - 1) / kSectorSize;
    if (sectors > room || sectors - 1 > kMostSectors) {
        return Error(Errc::no_space,
                     "GRUB's core image has " + std::to_string(core.size()) +
                         " bytes, and its place at LBA " + std::to_string(first) + " has " +
                         std::to_string(room * kSectorSize) +
                         ": make the BIOS boot partition or the gap before the first partition "
                         "larger (1 MiB), or set `single-slot = true`");
    }
    core.resize(sectors * kSectorSize);
    if (!put_le(core, kBlockListOffset, 8, first + 1) ||
        !put_le(core, kBlockListOffset + 8, 2, sectors - 1)) {
        return Error(Errc::corrupt, path.string() + " is too short");
    }
    return core;
}

}  // namespace

Result<Recipe> boot_sector_recipe(const ModuleDirectory& bios, const std::optional<Digest>& core) {
    const auto image = bios.others.find("boot.img");
    if (image == bios.others.end()) {
        return Error(Errc::not_found, "the GRUB in " + bios.path + " has no boot.img");
    }
    Recipe recipe{.maker = kBootSectorMaker, .version = "1", .parameters = {}, .inputs = {}};
    if (core) recipe.parameters.emplace("core", core->hex());
    recipe.inputs.push_back({.name = "boot.img", .source = image->second});
    return recipe;
}

Recipe placed_core_recipe(const Recipe& core, const SectorRange& slot) {
    Recipe recipe{.maker = kPlacedCoreMaker,
                  .version = "1",
                  .parameters = {{"first-lba", std::to_string(slot.first_lba)},
                                 {"sectors", std::to_string(slot.count)}},
                  .inputs = {}};
    recipe.inputs.push_back({.name = "core.img", .source = core});
    return recipe;
}

Maker boot_sector_maker() {
    return {.name = kBootSectorMaker, .make = make_boot_sector};
}

Maker placed_core_maker() {
    return {.name = kPlacedCoreMaker, .make = make_placed_core};
}

}  // namespace cordwainer::grub
