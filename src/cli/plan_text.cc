#include "cli/plan_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <vector>

#include "cli/output.h"
#include "cli/short_paths.h"

namespace cordwainer::cli {
namespace {

constexpr std::size_t kFewestSteps = 4;  // steps that are alike and become one line

// The bytes of a source, where they are known before it is made.
std::optional<std::uint64_t> known_size(const Source& source) {
    if (const auto* file = std::get_if<HostFile>(&source)) return file->size;
    if (const auto* text = std::get_if<Text>(&source)) return text->text.size();
    if (const auto* object = std::get_if<ObjectRef>(&source)) return object->size;
    return std::nullopt;
}

std::string origin(const Source& source) {
    if (const auto* file = std::get_if<HostFile>(&source)) {
        return fmt::format("{}, from {}", human_size(file->size), printable(file->path));
    }
    if (const auto* recipe = std::get_if<Recipe>(&source)) {
        return fmt::format("made by {}", printable(recipe->maker));
    }
    return human_size(known_size(source).value_or(0));
}

// A step that writes a file.
struct FileStep {
    const TargetId* target = nullptr;
    const RelPath* path = nullptr;
    const Source* source = nullptr;
    const char* verb = "";
};

std::optional<FileStep> file_step(const Step& step) {
    if (const auto* stage = std::get_if<StageFile>(&step)) {
        return FileStep{&stage->target, &stage->path, &stage->source, "stage"};
    }
    if (const auto* provide = std::get_if<ProvideFile>(&step)) {
        return FileStep{&provide->target, &provide->path, &provide->source, "provide"};
    }
    if (const auto* replace = std::get_if<ReplaceFile>(&step)) {
        return FileStep{&replace->target, &replace->path, &replace->source, "replace"};
    }
    return std::nullopt;
}

// Whether two steps can share a line.
bool alike(const FileStep& a, const FileStep& b) {
    return *a.target == *b.target && std::string_view(a.verb) == b.verb &&
           a.source->index() == b.source->index() &&
           directory_of(a.path->text()) == directory_of(b.path->text()) &&
           suffix_of(a.path->text()) == suffix_of(b.path->text());
}

std::string describe_files(const std::vector<FileStep>& steps) {
    std::string text;
    if (steps.size() < kFewestSteps) {
        for (const FileStep& step : steps) {
            text += fmt::format("  {}: {} {} ({})\n",
                                step.target->text,
                                step.verb,
                                short_digests(step.path->text()),
                                origin(*step.source));
        }
        return text;
    }
    const FileStep& first = steps.front();
    std::uint64_t size = 0;
    for (const FileStep& step : steps) size += known_size(*step.source).value_or(0);
    return fmt::format("  {}: {} {} files {}*{} ({})\n",
                       first.target->text,
                       first.verb,
                       steps.size(),
                       short_digests(directory_of(first.path->text())),
                       printable(suffix_of(first.path->text())),
                       human_size(size));
}

std::string describe_boot_code(const SwitchBootCode& step) {
    std::string text = fmt::format("  {}: write boot code", step.target.text);
    for (const BootSlot& slot : step.slots) {
        text += fmt::format("{} LBA {} to {}",
                            &slot == &step.slots.front() ? " into" : " or",
                            slot.range.first_lba,
                            slot.range.first_lba + slot.range.count - 1);
    }
    return text + ", then the boot sector\n";
}

std::string describe_entry(const FirmwareEntry& step) {
    return fmt::format("  {}: firmware entry \"{}\" for {}\n",
                       step.target.text,
                       printable(step.title),
                       printable(step.path.text()));
}

std::string describe_steps(const std::vector<Step>& steps) {
    std::string text;
    std::vector<FileStep> group;
    const auto flush = [&] {
        text += describe_files(group);
        group.clear();
    };
    for (const Step& step : steps) {
        if (const auto file = file_step(step)) {
            if (!group.empty() && !alike(group.front(), *file)) flush();
            group.push_back(*file);
            continue;
        }
        if (!group.empty()) flush();
        if (const auto* boot = std::get_if<SwitchBootCode>(&step))
            text += describe_boot_code(*boot);
        if (const auto* entry = std::get_if<FirmwareEntry>(&step)) text += describe_entry(*entry);
    }
    if (!group.empty()) flush();
    return text;
}

std::string describe_target(const PlannedTarget& target) {
    const TargetSpec& spec = target.spec;
    std::string place = printable(spec.type == TargetType::file ? spec.path : spec.block.value);
    if (spec.block.kind == BlockId::Kind::this_image && spec.type == TargetType::block) {
        place = "the image's disk";
    }
    const std::string volume =
        target.uuid ? fmt::format(" on file system {}", target.uuid->text()) : "";
    return fmt::format("  {}: {}{}\n", target.id.text, place, volume);
}

std::string describe_references(const std::vector<Reference>& references) {
    // A kernel that many generations share is read by all of them.
    std::vector<const Reference*> files;
    for (const Reference& reference : references) files.push_back(&reference);
    const auto by_path = [](const Reference* a, const Reference* b) { return a->path < b->path; };
    std::ranges::sort(files, by_path);
    const auto same = [](const Reference* a, const Reference* b) { return a->path == b->path; };
    files.erase(std::ranges::unique(files, same).begin(), files.end());
    if (files.empty()) return "";
    std::uint64_t size = 0;
    for (const Reference* file : files) size += file->size;
    std::string text =
        fmt::format("\nRead in place ({} files, {}):\n", files.size(), human_size(size));
    constexpr std::size_t kMost = 20;
    for (std::size_t i = 0; i < std::min(files.size(), kMost); ++i) {
        text += fmt::format("  {} ({})\n", printable(files[i]->path), human_size(files[i]->size));
    }
    if (files.size() > kMost) text += fmt::format("  and {} more\n", files.size() - kMost);
    return text;
}

}  // namespace

std::string render_plan_text(const Plan& plan) {
    std::string text = fmt::format("Bootloader: {}\n", plan.bootloader);
    if (plan.generation) text += fmt::format("Current generation: {}\n", *plan.generation);
    if (plan.targets.empty()) return text + "Nothing is installed.\n";
    text += "\nTargets:\n";
    for (const PlannedTarget& target : plan.targets) text += describe_target(target);
    text += "\nSteps:\n" + describe_steps(plan.steps);
    return text + describe_references(plan.references);
}

}  // namespace cordwainer::cli
