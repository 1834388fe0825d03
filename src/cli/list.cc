#include "cli/list.h"

#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/config_file.h"
#include "cli/generation_marks.h"
#include "cli/generations_request.h"
#include "cli/generations_view.h"
#include "cli/output.h"
#include "host/digest_cache.h"
#include "host/profiles.h"
#include "sys/root.h"

namespace cordwainer::cli {
namespace {

struct ListOptions {
    std::string profile;  // "": as the configuration says
    std::string source;   // likewise
};

Result<GenerationsConfig> wanted_generations(const ListOptions& options, const Common& common) {
    GenerationsConfig config;
    if (options.profile.empty()) {
        config = TRY(load_generations_config(common));
    } else {
        config.source = GenerationsRequest::Source::guix;
        config.profile = options.profile;
        // Relative to the working directory, where that is inside the root for certain.
        if (common.root == "/") config.profile = std::filesystem::absolute(options.profile);
    }
    if (options.source == "auto") config.source = GenerationsRequest::Source::automatic;
    if (options.source == "guix") config.source = GenerationsRequest::Source::guix;
    if (options.source == "native") config.source = GenerationsRequest::Source::native;
    return config;
}

Result<void> show(const Root& root,
                  const GenerationsRequest& request,
                  const Generations& generations,
                  const GenerationMarks& marks) {
    for (const std::string& line : generation_complaints(generations)) complain(line);
    if (!generations.list.empty() && !marks.running.why.empty()) {
        complain("which generation runs: " + marks.running.why);
    }
    if (!generations.list.empty()) return print(generations_table(generations.list, marks));
    const std::string place = TRY(generations_place(root, request));
    return print(fmt::format("There are no generations. Looked for {}\n", printable(place)));
}

Result<int> run_list(const ListOptions& options, const Common& common) {
    const GenerationsConfig config = TRY(wanted_generations(options, common));
    const Root root = TRY(Root::open(common.root));
    const GenerationsRequest request = generations_request(root, common, config);
    const std::filesystem::path cache_file = std::filesystem::path(common.state) / kDigestCacheName;
    DigestCache cache = DigestCache::load(cache_file);
    const Generations generations = TRY(read_generations(root, request, cache));
    const Result<GenerationMarks> read = read_marks(root, common.state, generations);
    if (!read) complain("what is installed and pinned is not known: " + read.error().message());
    const GenerationMarks marks = read.value_or(GenerationMarks());
    if (common.json) {
        TRY_VOID(print_json(generations_json(generations, marks)));
    } else {
        TRY_VOID(show(root, request, generations, marks));
    }
    return kDone;
}

}  // namespace

Command list_command() {
    return {
        .name = "list",
        .summary = "shows the generations of the system",
        .declare = [] -> Declared {
            auto options = std::make_shared<ListOptions>();
            return {
                .options = {{.names = {"--profile"},
                             .value = "PATH",
                             .meaning = "Read this Guix profile: its link, or the directory of its "
                                        "links",
                             .target = &options->profile},
                            {.names = {"--source"},
                             .value = "SOURCE",
                             .meaning = "Where generations come from; auto: Guix's where there "
                                        "are any, else cordwainer's own",
                             .target = &options->source,
                             .values = {"auto", "guix", "native"}}},
                .run = [options](const Common& common) { return run_list(*options, common); }};
        },
        .details =
            R"(The star marks the generation that the profile names as the current one; the
last column says which boots by default, which runs, and which are pinned. The kernel's version is
read from its image; the size is that of the kernel and its initrds. Files that
are missing, and generations that cannot be read, are told on standard error.

Without --profile the configuration's table [generations] says where to look, if there is one. Both
paths are inside the root.

Examples:

  cordwainer list
  cordwainer list --root /mnt --json
  cordwainer list --profile /var/guix/profiles/system)",
    };
}

}  // namespace cordwainer::cli
