// A machine whose targets are all on one modelled medium, so that one cut hits all of them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "apply/executor.h"
#include "tests/support/faults.h"
#include "tests/support/mem_contents.h"
#include "tests/support/mem_disk.h"
#include "tests/support/mem_files.h"
#include "tests/support/silent_progress.h"

namespace cordwainer::test {

class ModelledMachine {
  public:
    static constexpr const char* kStranger = "somebody/else's";

    // The targets of a plan: an ESP is on FAT, other files on `boot_volume`.
    ModelledMachine(const RealisedPlan& plan, FileSystemKind boot_volume) {
        for (const PlannedTarget& target : plan.targets) {
            if (target.spec.type == TargetType::block) {
                disk_ = std::make_unique<MemDisk>(4096, faults, medium_);
                disk_id_ = target.id;
                continue;
            }
            const auto kind = target.spec.tag == "files" ? boot_volume : FileSystemKind::fat;
            auto files =
                std::make_unique<MemFiles>(contents, faults, medium_, kind, target.own->text());
            files->put(kStranger, stranger());
            files_.emplace(target.id.text, std::move(files));
        }
        medium_->rest();
    }

    ApplyOutcome apply(const RealisedPlan& plan) {
        Bindings bindings;
        for (const auto& [id, files] : files_) bindings.files[{id}] = files.get();
        if (disk_) bindings.blocks[disk_id_] = disk_.get();
        ApplyOutcome outcome = cordwainer::apply(plan, bindings, contents, progress_);
        for (const auto& [id, files] : files_) files->process_ends();
        return outcome;
    }

    // The power is back, and the medium holds this.
    void power_up(MediumState state) {
        faults.restore();
        medium_->power_up(std::move(state));
        mount();
    }

    // Long after: everything is on the medium.
    void rest() {
        medium_->rest();
        mount();
    }

    // Somebody else writes a file to each target, and it reaches the medium.
    void write_one_more() {
        for (const auto& [id, files] : files_) files->put("one/more", stranger());
        rest();
    }

    void set_flaw(MemFiles::Flaw flaw) {
        for (const auto& [id, files] : files_) files->flaw = flaw;
    }

    [[nodiscard]] std::optional<std::string> read(const MediumState& state,
                                                  const std::string& target,
                                                  const std::string& path) const {
        return files_.at(target)->file_system().read(state, path);
    }

    [[nodiscard]] std::vector<std::string> all(const MediumState& state,
                                               const std::string& target) const {
        return files_.at(target)->file_system().all(state);
    }

    [[nodiscard]] const std::map<std::string, std::unique_ptr<MemFiles>>& files() const {
        return files_;
    }

    [[nodiscard]] const MemDisk& disk() const { return *disk_; }

    [[nodiscard]] Medium& medium() { return *medium_; }

    static std::string stranger() { return std::string(700, 's'); }

    MemContents contents;
    Faults faults;

  private:
    void mount() {
        for (const auto& [id, files] : files_) files->mount();
        if (disk_) disk_->mount();
    }

    std::shared_ptr<Medium> medium_ = std::make_shared<Medium>();
    std::map<std::string, std::unique_ptr<MemFiles>> files_;
    std::unique_ptr<MemDisk> disk_;
    TargetId disk_id_;
    SilentProgress progress_;
};

}  // namespace cordwainer::test
