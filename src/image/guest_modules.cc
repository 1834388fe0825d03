#include "image/guest_modules.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "image/tool.h"
#include "sys/file_io.h"

namespace cordwainer::image {
namespace {

struct Compression {
    const char* suffix;
    const char* program;
    const char* package;
};

constexpr std::array kCompressions{Compression{".ko", "", ""},
                                   Compression{".ko.gz", "gzip", "gzip"},
                                   Compression{".ko.xz", "xz", "xz-utils"},
                                   Compression{".ko.zst", "zstd", "zstd"}};

// Two modules with the same name in different notation are one.
std::string module_name(std::string text) {
    std::ranges::replace(text, '-', '_');
    return text;
}

class Loader {
  public:
    static Result<Loader> make(const std::filesystem::path& directory) {
        Loader loader;
        std::error_code error;
        std::filesystem::recursive_directory_iterator files(directory, error);
        for (; !error && files != std::filesystem::recursive_directory_iterator();
             files.increment(error)) {
            const std::string name = files->path().filename().string();
            for (const Compression& compression : kCompressions) {
                if (!name.ends_with(compression.suffix)) continue;
                const std::size_t length =
                    name.size() - std::string_view(compression.suffix).size();
                loader.found_.emplace(module_name(name.substr(0, length)),
                                      Found{files->path(), &compression});
            }
        }
        if (error) return file_error(error.value(), directory.string());
        return loader;
    }

    // Adds a module after what it depends on.
    Result<void> add(const std::string& name) {
        const auto found = found_.find(name);
        if (found == found_.end() || !seen_.insert(name).second) return {};
        GuestModule module{.name = name, .content = TRY(read(found->second))};
        for (const std::string& dependency : module_dependencies(module.content)) {
            TRY_VOID(add(dependency));
        }
        modules_.push_back(std::move(module));
        return {};
    }

    std::vector<GuestModule> take() { return std::move(modules_); }

  private:
    struct Found {
        std::filesystem::path path;
        const Compression* compression;
    };

    static Result<Bytes> read(const Found& found) {
        if (*found.compression->program == '\0') return read_file(found.path);
        ToolRun run;
        run.arguments = {"-dc", found.path.string()};
        const SpawnOutput output = TRY(run_tool(
            {.name = found.compression->program, .package = found.compression->package}, run));
        const ByteView bytes = as_bytes(output.output);
        return Bytes(bytes.begin(), bytes.end());
    }

    std::map<std::string, Found> found_;
    std::set<std::string> seen_;
    std::vector<GuestModule> modules_;
};

}  // namespace

std::vector<std::string> module_dependencies(ByteView module) {
    constexpr std::string_view kKey{"\0depends=", 9};
    const ByteView key = as_bytes(kKey);
    const auto found = std::ranges::search(module, key);
    std::vector<std::string> names;
    std::string name;
    for (auto at = found.end(); at != module.end() && !found.empty(); ++at) {
        const char c = static_cast<char>(*at);
        if (c != '\0' && c != ',') {
            name += c;
            continue;
        }
        if (!name.empty()) names.push_back(module_name(std::move(name)));
        name.clear();
        if (c == '\0') break;
    }
    return names;
}

Result<std::vector<GuestModule>> load_guest_modules(const std::filesystem::path& directory,
                                                    const std::vector<std::string>& wanted) {
    Loader loader = TRY(Loader::make(directory));
    for (const std::string& name : wanted) TRY_VOID(loader.add(name));
    return loader.take();
}

}  // namespace cordwainer::image
