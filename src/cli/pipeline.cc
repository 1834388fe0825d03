#include "cli/pipeline.h"

#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <future>
#include <string_view>
#include <utility>

#include "apply/executor.h"
#include "bootloaders/registry.h"
#include "cli/config_toml.h"
#include "cli/made_recipes.h"
#include "cli/reading.h"
#include "cli/recording.h"
#include "host/block_file.h"
#include "host/host_contents.h"
#include "host/package.h"
#include "host/profiles.h"
#include "host/record_files.h"
#include "host/tree_files.h"
#include "image/volumes.h"
#include "model/planning.h"
#include "realise/object_store.h"
#include "realise/process_runner.h"
#include "realise/realise.h"
#include "sys/file_io.h"

namespace cordwainer::cli {
namespace {

Result<std::optional<std::int64_t>> source_date_epoch() {
    const char* variable = std::getenv("SOURCE_DATE_EPOCH");
    if (!variable) return std::optional<std::int64_t>();
    const std::string_view text = variable;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error == std::errc() && end == text.data() + text.size() && seconds >= 0) {
        return std::optional<std::int64_t>(seconds);
    }
    return Error(Errc::invalid_input,
                 fmt::format("SOURCE_DATE_EPOCH must be seconds since 1970, not \"{}\"", text));
}

Result<image::Layout> read_layout(const std::string& file) {
    const std::string text = TRY(read_text_file(file));
    const ConfigValue table = TRY(parse_toml(text, file));
    const auto epoch = TRY(source_date_epoch());
    return image::parse_layout(
        table,
        {.directory = std::filesystem::absolute(file).parent_path(), .source_date_epoch = epoch});
}

// --config, or the file in the layout's system. A layout without a system needs neither.
Result<Configuration> read_image_config(const image::Layout& layout,
                                        const Common& common,
                                        const std::vector<Bootloader>& bootloaders) {
    Common inside = common;
    if (!common.config_given) {
        if (!layout.root) return Configuration{.bootloader = "none"};
        inside.root = layout.root->string();
        inside.config = (*layout.root / "etc/cordwainer/config.toml").string();
    }
    return load_config(inside, bootloaders);
}

Result<Generations> generations_of(const Root& system,
                                   const GenerationsConfig& config,
                                   Workspace& workspace) {
    const GenerationsRequest request{
        .source = config.source, .profile = config.profile, .state = kStateInside, .digests = true};
    return read_generations(system, request, workspace.digests());
}

// What the executor could not do, as warnings of a build that succeeded.
Result<void> settled(ApplyOutcome outcome, std::vector<std::string>& warnings) {
    for (std::string& text : outcome.warnings) warnings.push_back(std::move(text));
    for (std::string& text : outcome.not_done) warnings.push_back(std::move(text));
    return std::move(outcome.result);
}

// Puts what a plan installs into the parts of an image.
class ImageInstallation {
  public:
    // `made_in`: the store that the plan was realised with.
    ImageInstallation(const ImagePlan& planned,
                      const RealisedPlan& realised,
                      const ObjectStore& made_in,
                      Contents& contents,
                      Progress& progress)
        : planned_(planned),
          realised_(realised),
          made_in_(made_in),
          contents_(contents),
          progress_(progress) {}

    // Files, inventories and the state directory, below a directory that stands for the system's
    // root.
    Result<void> files(const std::filesystem::path& staging) {
        std::vector<std::unique_ptr<TreeFiles>> trees;
        Bindings bindings;
        for (const PlannedTarget& target : realised_.targets) {
            if (target.spec.type != TargetType::file) continue;
            trees.push_back(TRY(TreeFiles::open(staging, target.spec.path)));
            bindings.files[target.id] = trees.back().get();
        }
        TRY_VOID(settled(apply(realised_, bindings, contents_, progress_), warnings));
        const std::filesystem::path state = staging.string() + kStateInside;
        const std::vector<PlannedTarget> targets = TRY(targets_there());
        TRY_VOID(write_installed(state, installed_by(realised_, planned_.generations, targets)));
        TRY_VOID(note_recipes(state).with_context("keep what recipes have made"));
        return record_installation(state,
                                   ObjectStore::Durability::fast,
                                   planned_.generations,
                                   planned_.config,
                                   realised_,
                                   contents_)
            .with_context("record the generation");
    }

    // Boot code, in the finished image.
    Result<void> disk(const std::filesystem::path& file) {
        const std::unique_ptr<BlockFile> block = TRY(BlockFile::open(file));
        Bindings bindings;
        for (const PlannedTarget& target : realised_.targets) {
            if (target.spec.type == TargetType::block) bindings.blocks[target.id] = block.get();
        }
        return settled(apply(realised_, bindings, contents_, progress_), warnings);
    }

    std::vector<std::string> warnings;

  private:
    // What realising leaves in the state directory of a machine: with it the system, once it runs,
    // knows that nothing is to be made.
    [[nodiscard]] Result<void> note_recipes(const std::filesystem::path& state) const {
        ObjectStore store(state, ObjectStore::Durability::fast);
        const auto made = TRY(made_recipes(planned_.plan, made_in_));
        for (const auto& [key, object] : made) {
            TRY_VOID(store.add_file(made_in_.path(object.digest), object.digest));
            TRY_VOID(store.note(key, object));
        }
        return {};
    }

    // The targets as the system names them when it runs: there the image is the disk, or the disks,
    // of its configuration.
    [[nodiscard]] Result<std::vector<PlannedTarget>> targets_there() const {
        std::vector<PlannedTarget> targets = realised_.targets;
        std::erase_if(targets, [](const PlannedTarget& target) {
            return target.spec.type == TargetType::block;
        });
        if (!planned_.bootloader) return targets;
        const auto specs = TRY(configured_targets(*planned_.bootloader, planned_.config.table));
        const std::vector<TargetId> ids = target_ids(specs);
        for (std::size_t i = 0; i < specs.size(); ++i) {
            if (specs[i].type != TargetType::block) continue;
            targets.push_back(
                {.id = ids[i], .spec = specs[i], .uuid = std::nullopt, .own = std::nullopt});
        }
        return targets;
    }

    const ImagePlan& planned_;
    const RealisedPlan& realised_;
    const ObjectStore& made_in_;
    Contents& contents_;
    Progress& progress_;
};

}  // namespace

Result<ImagePlan> plan_image(const std::string& layout_file,
                             const Common& common,
                             Workspace& workspace) {
    const std::vector<Bootloader> bootloaders = all_bootloaders();
    ImagePlan made;
    made.layout = TRY(read_layout(layout_file));
    if (made.layout.root) {
        made.system = TRY(Root::open(made.layout.root->string())
                              .with_context(made.layout.root_location.text() + ": root"));
    }
    made.config = TRY(read_image_config(made.layout, common, bootloaders));
    made.plan.bootloader = made.config.bootloader;
    made.bootloader = bootloader_named(bootloaders, made.config.bootloader);
    if (made.bootloader && !made.system) {
        return Error(Errc::invalid_input,
                     fmt::format("{}: there is no system to install {} for: set root in [system]",
                                 layout_file,
                                 made.config.bootloader));
    }
    if (!made.system) return made;
    const Root machine = TRY(Root::open("/"));
    // Beside the generations, since reading the two is most of what planning does.
    std::future<Result<Package>> package;
    if (made.bootloader) {
        const PackageRequest request = TRY(made.bootloader->package(made.config.table));
        package = std::async([&, request] {
            return read_package(request,
                                {.root = machine, .digests = workspace.machine_digests()},
                                {.root = *made.system, .digests = workspace.digests()});
        });
    }
    made.generations = TRY(generations_of(*made.system, made.config.generations, workspace));
    made.warnings = warnings_about(made.generations);
    if (!made.bootloader) return made;
    const Bootloader& bootloader = *made.bootloader;
    Observed observed;
    observed.volumes = image::volumes_of(made.layout);
    observed.package = TRY(package.get());
    const auto specs = TRY(configured_targets(bootloader, made.config.table));
    made.targets = TRY(image::targets_for(made.layout, specs));
    made.plan = TRY(
        make_plan(bootloader, made.config.table, made.generations.list, made.targets, observed));
    return made;
}

Result<image::BuildReport> make_image(const ImagePlan& planned,
                                      const image::BuildOptions& options,
                                      Workspace& workspace,
                                      Progress& progress) {
    if (!planned.system) return image::build_image(planned.layout, {}, options, progress);
    const std::filesystem::path state = TRY(workspace.state());
    ObjectStore store(state, ObjectStore::Durability::fast);
    HostContents contents(*planned.system, state);
    ProcessRunner runner;
    std::vector<Maker> makers;
    if (planned.bootloader) makers = planned.bootloader->makers;
    progress.phase("make boot files", 0);
    const RealisedPlan realised = TRY(realise(planned.plan, makers, store, contents, runner));
    ImageInstallation installation(planned, realised, store, contents, progress);
    image::ImageSteps steps;
    steps.files = [&](const std::filesystem::path& staging) { return installation.files(staging); };
    for (const PlannedTarget& target : realised.targets) {
        if (target.own) steps.replaced.push_back(target.spec.path + "/" + target.own->text());
        if (target.spec.type != TargetType::block) continue;
        steps.disk = [&](const std::filesystem::path& file) { return installation.disk(file); };
    }
    image::BuildReport report = TRY(image::build_image(planned.layout, steps, options, progress));
    std::ranges::move(installation.warnings, std::back_inserter(report.warnings));
    return report;
}

}  // namespace cordwainer::cli
