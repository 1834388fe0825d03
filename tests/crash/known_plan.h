// A plan of a real installer with contents made up for its sources, and all that a reader must find
// once it is installed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "model/plan.h"
#include "tests/support/mem_contents.h"

namespace cordwainer::test {

using Files = std::map<std::string, std::string>;  // content by path

struct KnownPlan {
    // An image of GRUB's core that boots.
    struct Core {
        std::uint64_t lba = 0;  // 0: a file
        std::string bytes;      // whole sectors where it lies on a disk
        std::string prefix;     // where it looks for its menu
    };

    RealisedPlan plan;
    std::map<std::string, Files> files;  // by target
    std::vector<Core> cores;
    std::string boot_code;
    std::optional<BasicSwitchBootCode<RealisedSource>> boot_step;
};

// Gives every source bytes, each of its sectors different from all others.
class KnownPlanMaker {
  public:
    explicit KnownPlanMaker(MemContents& contents) : contents_(contents) {}

    KnownPlan make(const Plan& plan) {
        KnownPlan known;
        known.plan.bootloader = plan.bootloader;
        known.plan.generation = plan.generation;
        known.plan.targets = plan.targets;
        known.plan.references = plan.references;
        for (const Step& step : plan.steps)
            std::visit([&](const auto& each) { add(each, known); }, step);
        return known;
    }

  private:
    static constexpr std::size_t kSector = 512;
    static constexpr std::size_t kMost = 1300;  // of a file: three sectors, the last not full

    void add(const StageFile& step, KnownPlan& known) {
        known.plan.steps.emplace_back(
            BasicStageFile<RealisedSource>{step.target, step.path, realise(step.source)});
        known.files[step.target.text][step.path.text()] = bytes_of(step.source);
    }

    void add(const ProvideFile& step, KnownPlan& known) {
        known.plan.steps.emplace_back(
            BasicProvideFile<RealisedSource>{step.target, step.path, realise(step.source)});
        known.files[step.target.text][step.path.text()] = bytes_of(step.source);
    }

    void add(const ReplaceFile& step, KnownPlan& known) {
        known.plan.steps.emplace_back(
            BasicReplaceFile<RealisedSource>{step.target, step.path, realise(step.source)});
        known.files[step.target.text][step.path.text()] = bytes_of(step.source);
        if (const auto prefix = prefix_in(step.source))
            known.cores.push_back({.bytes = bytes_of(step.source), .prefix = *prefix});
    }

    void add(const SwitchBootCode& step, KnownPlan& known) {
        BasicSwitchBootCode<RealisedSource> made;
        made.target = step.target;
        made.boot_code = realise(step.boot_code);
        made.pointer_offset = step.pointer_offset;
        for (const auto& range : step.keep) made.keep.push_back({range.first, range.count});
        for (const BootSlot& slot : step.slots) {
            made.slots.push_back({slot.range, realise(slot.image)});
            std::string bytes = bytes_of(slot.image);
            bytes.resize((bytes.size() + kSector - 1) / kSector * kSector);
            known.cores.push_back({.lba = slot.range.first_lba,
                                   .bytes = std::move(bytes),
                                   .prefix = prefix_in(slot.image).value_or("")});
        }
        known.boot_code = bytes_of(step.boot_code);
        known.boot_step = made;
        known.plan.steps.emplace_back(std::move(made));
    }

    static void add(const FirmwareEntry& step, KnownPlan& known) {
        known.plan.steps.emplace_back(step);
    }

    RealisedSource realise(const Source& source) { return contents_.add(bytes_of(source)); }

    static std::string bytes_of(const Source& source) {
        if (const auto* text = std::get_if<Text>(&source)) return text->text;
        if (const auto* file = std::get_if<HostFile>(&source)) {
            return fill(file->path + " " + file->digest.hex(),
                        std::min<std::size_t>(file->size, kMost));
        }
        const auto& recipe = std::get<Recipe>(source);
        return fill(recipe.maker + " " + recipe_key(recipe).hex(),
                    recipe.maker == "grub-boot-sector" ? kSector : kMost);
    }

    static std::string fill(const std::string& name, std::size_t size) {
        std::string bytes;
        for (int line = 0; bytes.size() < size; ++line)
            bytes += name + " " + std::to_string(line) + "\n";
        bytes.resize(size);
        return bytes;
    }

    // Where the core image in a recipe looks for its menu.
    static std::optional<std::string> prefix_in(const Source& source) {
        const auto* recipe = std::get_if<Recipe>(&source);
        if (!recipe) return std::nullopt;
        const auto found = recipe->parameters.find("prefix");
        if (found != recipe->parameters.end()) return found->second;
        for (const RecipeInput& input : recipe->inputs) {
            if (auto prefix = prefix_in(input.source)) return prefix;
        }
        return std::nullopt;
    }

    MemContents& contents_;
};

}  // namespace cordwainer::test
