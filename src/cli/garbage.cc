#include "cli/garbage.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "apply/record.h"
#include "cli/made_recipes.h"
#include "cli/output.h"
#include "host/generation_names.h"
#include "host/pins.h"
#include "host/record_files.h"
#include "host/remove_generation.h"
#include "realise/object_store.h"
#include "sys/file_io.h"

namespace cordwainer::cli {
namespace {

struct StateFile {
    std::filesystem::path path;
    std::string name;
    std::uint64_t size = 0;
};

// The regular files of a directory, by name; none where it does not exist.
Result<std::vector<StateFile>> files_in(const std::filesystem::path& directory) {
    std::vector<StateFile> files;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code gone;
        if (!entry->is_regular_file(gone) || entry->is_symlink(gone)) continue;
        const std::uint64_t size = entry->file_size(gone);
        if (!gone) files.push_back({entry->path(), entry->path().filename().string(), size});
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        return file_error(error.value(), "list " + directory.string());
    }
    std::ranges::sort(files, {}, &StateFile::name);
    return files;
}

Waste waste_file(Waste::Kind kind, const StateFile& file) {
    return {.kind = kind,
            .path = file.path.string(),
            .bytes = file.size,
            .remove = [path = file.path]() -> Result<void> {
                std::error_code error;
                std::filesystem::remove(path, error);
                if (error) return file_error(error.value(), "remove " + path.string());
                return {};
            }};
}

class WasteSearch {
  public:
    WasteSearch(const Root& root,
                const std::filesystem::path& state,
                const GenerationsRequest& request,
                const Generations& generations)
        : root_(root), state_(state), request_(request), generations_(generations) {}

    Result<std::vector<Waste>> run(const Plan& today) {
        const ObjectStore store(state_, ObjectStore::Durability::durable);
        const auto made = TRY(made_recipes(today, store));
        for (const auto& [key, object] : made) needed_.insert(object.digest);
        const auto installed = TRY(read_installed(state_));
        if (installed) boots_ = installed->boots;
        TRY_VOID(pins());
        TRY_VOID(records());
        TRY_VOID(recipes(store));
        TRY_VOID(objects());
        TRY_VOID(leftovers());
        return std::move(waste_);
    }

  private:
    // Whether a generation of this number is there that could not be read, or is the record's.
    [[nodiscard]] bool is_there(const GenerationId& id) const {
        return boots_ == id || find_generation(generations_, id) ||
               std::ranges::count(generations_.skipped, id.number, &SkippedGeneration::number) != 0;
    }

    Result<void> pins() {
        const std::vector<GenerationId> all = TRY(read_pins(state_));
        std::vector<GenerationId> kept;
        for (const GenerationId& id : all) {
            if (is_there(id)) kept.push_back(id);
        }
        if (kept.size() == all.size()) return {};
        waste_.push_back({.kind = Waste::Kind::pin,
                          .path = (state_ / "pins.json").string(),
                          .bytes = 0,
                          .remove = [state = state_, kept] { return write_pins(state, kept); }});
        return {};
    }

    Result<void> records() {
        const std::vector<StateFile> files = TRY(files_in(state_ / "records"));
        constexpr std::string_view kEnding = ".json";
        for (const StateFile& file : files) {
            std::optional<std::uint64_t> number;
            if (file.name.ends_with(kEnding)) {
                number = generation_number(
                    std::string_view(file.name).substr(0, file.name.size() - kEnding.size()));
            }
            if (!number) {
                waste_.push_back(waste_file(Waste::Kind::leftover, file));
                continue;
            }
            const auto record = read_record(state_, *number);
            if (!record || !*record) {
                complain(
                    "the record of generation " + std::to_string(*number) +
                    " is damaged and not used; remove it, since until then nothing is released "
                    "to the store's garbage collector: " +
                    file.path.string());
                continue;
            }
            if (!is_there({.number = *number, .identity = (*record)->identity})) {
                waste_.push_back(waste_file(Waste::Kind::record, file));
                continue;
            }
            for (const ObjectRef& object : (*record)->objects) needed_.insert(object.digest);
        }
        return {};
    }

    Result<void> recipes(const ObjectStore& store) {
        const std::vector<StateFile> files = TRY(files_in(state_ / "recipes"));
        for (const StateFile& file : files) {
            const auto key = Digest::from_hex(file.name);
            if (!key) {
                waste_.push_back(waste_file(Waste::Kind::leftover, file));
                continue;
            }
            const auto made = TRY(store.made_by(*key));
            if (made && needed_.contains(made->digest)) continue;
            waste_.push_back(waste_file(Waste::Kind::recipe, file));
        }
        return {};
    }

    Result<void> objects() {
        const std::vector<StateFile> files = TRY(files_in(state_ / "objects"));
        for (const StateFile& file : files) {
            const auto digest = Digest::from_hex(file.name);
            if (digest && needed_.contains(*digest)) continue;
            waste_.push_back(
                waste_file(digest ? Waste::Kind::object : Waste::Kind::leftover, file));
        }
        return {};
    }

    // Files that were not renamed into their places, and generations on their way out.
    Result<void> leftovers() {
        const std::vector<StateFile> files = TRY(files_in(state_));
        constexpr std::size_t kRandom = 6;
        for (const StateFile& file : files) {
            for (const std::string_view name : {"installed.json.", "pins.json."}) {
                if (!file.name.starts_with(name) || file.name.size() != name.size() + kRandom) {
                    continue;
                }
                waste_.push_back(waste_file(Waste::Kind::leftover, file));
            }
        }
        const std::vector<RemovalLeftover> old = TRY(removal_leftovers(root_, request_));
        for (const RemovalLeftover& leftover : old) {
            waste_.push_back({.kind = Waste::Kind::leftover,
                              .path = root_.outside(leftover.path),
                              .bytes = leftover.bytes,
                              .remove = [&root = root_, path = leftover.path] {
                                  return remove_leftover(root, path);
                              }});
        }
        return {};
    }

    const Root& root_;
    std::filesystem::path state_;
    const GenerationsRequest& request_;
    const Generations& generations_;
    std::optional<GenerationId> boots_;
    std::set<Digest> needed_;
    std::vector<Waste> waste_;
};

struct KindName {
    Waste::Kind kind;
    const char* name;    // in JSON
    const char* plural;  // for people
};

constexpr std::array kKinds = {
    KindName{Waste::Kind::pin, "pin", "lists of pins"},
    KindName{Waste::Kind::record, "record", "records"},
    KindName{Waste::Kind::recipe, "recipe", "notes of recipes"},
    KindName{Waste::Kind::object, "object", "objects"},
    KindName{Waste::Kind::leftover, "leftover", "leftovers of runs that were cut off"},
};

}  // namespace

Result<std::vector<Waste>> find_waste(const Root& root,
                                      const std::filesystem::path& state,
                                      const GenerationsRequest& request,
                                      const Generations& generations,
                                      const Plan& today) {
    return WasteSearch(root, state, request, generations).run(today);
}

Result<void> remove_waste(const std::vector<Waste>& waste) {
    for (const Waste& one : waste) TRY_VOID(one.remove());
    return {};
}

std::uint64_t bytes_of(const std::vector<Waste>& waste) {
    std::uint64_t bytes = 0;
    for (const Waste& one : waste) bytes += one.bytes;
    return bytes;
}

std::string waste_text(const std::vector<Waste>& waste, const std::string& verb) {
    std::string text;
    for (const KindName& kind : kKinds) {
        const auto count = std::ranges::count(waste, kind.kind, &Waste::kind);
        if (count == 0) continue;
        text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", kind.plural, count);
    }
    if (text.empty()) return "";
    return fmt::format(
        "{} from the state directory: {} ({})\n", verb, text, human_size(bytes_of(waste)));
}

Json waste_json(const std::vector<Waste>& waste) {
    Json json = Json::array();
    for (const Waste& one : waste) {
        const auto kind = std::ranges::find(kKinds, one.kind, &KindName::kind);
        json.push_back({{"kind", kind->name}, {"path", one.path}, {"bytes", one.bytes}});
    }
    return json;
}

}  // namespace cordwainer::cli
