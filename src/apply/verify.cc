#include "apply/verify.h"

#include <optional>
#include <utility>

#include "apply/inventory.h"

namespace cordwainer {
namespace {

std::optional<Damage> damage_of(FileTarget& target, const RelPath& path, const OwnedFile& file) {
    const Result<std::optional<Digest>> digest = target.digest(path);
    if (!digest) {
        return Damage{
            .path = path, .kind = Damage::Kind::unreadable, .detail = digest.error().message()};
    }
    if (!*digest) return Damage{.path = path, .kind = Damage::Kind::missing, .detail = {}};
    if (file.provided) {
        const Result<std::optional<FileState>> state = target.look(path);
        if (state && *state && (*state)->size == file.size) return std::nullopt;
        return Damage{.path = path, .kind = Damage::Kind::changed, .detail = {}};
    }
    if (**digest != file.digest) {
        return Damage{.path = path, .kind = Damage::Kind::changed, .detail = {}};
    }
    return std::nullopt;
}

}  // namespace

const char* kind_name(Damage::Kind kind) {
    switch (kind) {
        case Damage::Kind::missing:
            return "missing";
        case Damage::Kind::changed:
            return "changed";
        case Damage::Kind::unreadable:
            return "unreadable";
        case Damage::Kind::unfinished:
            return "unfinished";
    }
    return "";
}

Result<Verified> verify_files(FileTarget& target, const RelPath& own, Progress& progress) {
    LoadedInventory loaded = TRY(load_inventory(target, own));
    Verified verified;
    verified.known = loaded.found();
    if (loaded.warning) verified.warnings.push_back(*loaded.warning);
    for (const auto& [path, file] : loaded.inventory.files) verified.bytes += file.size;
    progress.phase("verify", verified.bytes);
    for (const auto& [path, file] : loaded.inventory.files) {
        ++verified.files;
        std::optional<Damage> damage = damage_of(target, path, file);
        // What a cut run was about to write may hold the old content or the new one.
        if (file.pending) {
            damage = Damage{.path = path, .kind = Damage::Kind::unfinished, .detail = {}};
        }
        if (damage) verified.damage.push_back(std::move(*damage));
        progress.advance(file.size);
    }
    verified.references = std::move(loaded.inventory.references);
    return verified;
}

}  // namespace cordwainer
