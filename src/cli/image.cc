#include "cli/image.h"

#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "cli/pipeline.h"
#include "cli/progress.h"

namespace cordwainer::cli {
namespace {

struct ImageOptions {
    std::string layout;
    std::string output;
    std::string format = "raw";
};

constexpr const char* kImageDetails =
    R"(The layout says which partitions the image has, what is in them, and which directory is the root of its system. That system's generations and configuration (etc/cordwainer/config.toml inside it, or --config) decide what is installed: the image gets what `cordwainer plan --image` shows.

Neither root nor loop devices are needed. Nothing is written but the output, beside it a directory that is removed, a temporary directory (TMPDIR) that is removed, and the directory of --state, if it is given: there made boot files and digests are kept for the next run. The output appears when it is complete, and not at all when something fails.

With the same layout, system and SOURCE_DATE_EPOCH the image has the same bytes, unless it has LUKS or btrfs: then a warning says so.

Examples:

  cordwainer image layout.toml -o disk.img
  cordwainer image layout.toml -o disk.qcow2 --format qcow2 --state cache)";

Result<void> show(const ImageOptions& options,
                  const ImagePlan& planned,
                  const image::BuildReport& report,
                  const std::vector<std::string>& warnings,
                  bool json) {
    if (!json) {
        TRY_VOID(print(fmt::format("{}: {} image of a disk of {}, bootloader {}, generations: {}\n",
                                   printable(options.output),
                                   options.format,
                                   human_size(report.size),
                                   planned.plan.bootloader,
                                   planned.generations.list.size())));
        warn(warnings);
        return {};
    }
    const auto& current = planned.plan.generation;
    return print_json({{"format", "cordwainer-image/1"},
                       {"image", options.output},
                       {"image_format", options.format},
                       {"size", report.size},
                       {"bootloader", planned.plan.bootloader},
                       {"generation", current ? Json(*current) : Json()},
                       {"generations", planned.generations.list.size()},
                       {"warnings", warnings}});
}

// An image must not take the place of what it is made from.
Result<void> check_output(const ImageOptions& options, const Common& common) {
    std::vector<std::string> sources = {options.layout};
    if (common.config_given) sources.push_back(common.config);
    for (const std::string& source : sources) {
        std::error_code unlike;
        if (std::filesystem::equivalent(options.output, source, unlike)) {
            return Error(Errc::refused,
                         "the image would replace " + source +
                             ", from which it is made: give --output another name");
        }
    }
    return {};
}

Result<int> run_image(const ImageOptions& options, const Common& common) {
    TRY_VOID(check_output(options, common).with_context("image"));
    Workspace workspace = Workspace::for_image(common);
    const ImagePlan planned =
        TRY(plan_image(options.layout, common, workspace).with_context("image"));
    TRY_VOID(workspace.save().with_context("keep digests"));
    ErrorProgress progress;
    const image::BuildReport report = TRY(
        make_image(planned,
                   {.output = options.output,
                    .format = options.format == "raw" ? image::Format::raw : image::Format::qcow2},
                   workspace,
                   progress)
            .with_context("image"));
    progress.clear();
    std::vector<std::string> warnings = planned.warnings;
    for (const auto& more :
         {planned.plan.warnings, report.warnings, image::not_reproducible(planned.layout)}) {
        warnings.insert(warnings.end(), more.begin(), more.end());
    }
    const Result<void> shown = show(options, planned, report, warnings, common.json);
    if (shown) return kDone;
    complain(shown.error().message());
    complain(fmt::format("the image is complete: {}", options.output));
    return kPartial;
}

}  // namespace

Command image_command() {
    return {
        .name = "image",
        .summary = "makes a bootable disk image",
        .declare = [] -> Declared {
            auto options = std::make_shared<ImageOptions>();
            return {.options = {{.names = {"LAYOUT"},
                                 .meaning = "The layout of the image (TOML)",
                                 .target = &options->layout,
                                 .required = true,
                                 .excludes = {layout_has_root()}},
                                {.names = {"-o", "--output"},
                                 .value = "FILE",
                                 .meaning = "The image to make",
                                 .target = &options->output,
                                 .required = true},
                                {.names = {"--format"},
                                 .value = "FORMAT",
                                 .meaning = "The image's format (default: raw)",
                                 .target = &options->format,
                                 .values = {"raw", "qcow2"}}},
                    .run = [options](const Common& common) { return run_image(*options, common); }};
        },
        .details = kImageDetails,
    };
}

}  // namespace cordwainer::cli
