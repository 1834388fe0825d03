// A small machine made of the fakes: two file targets and a disk, plans for it, and a reader that
// boots it as a loader would, from the boot sector or the ESP to the last file that the menu names.
#pragma once

#include <cstddef>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "apply/executor.h"
#include "tests/support/faults.h"
#include "tests/support/mem_contents.h"
#include "tests/support/mem_disk.h"
#include "tests/support/mem_files.h"
#include "tests/support/rel.h"
#include "tests/support/silent_progress.h"

namespace cordwainer::test {

// What a version of the installation consists of. `key` names the directory of modules and menu,
// and the core image names it: another key is an upgrade of the loader.
struct Version {
    std::string key;
    std::string menu;                  // its own text
    std::vector<std::string> kernels;  // their contents
};

class BootWorld {
  public:
    static constexpr std::uint32_t kPointer = 92;
    static constexpr std::size_t kCoreSize = 1000;

    BootWorld() : files(contents, faults), esp(contents, faults), disk(64, faults) {
        // The disk's own bytes, which every boot sector must keep.
        for (std::size_t i = 440; i < 512; ++i) disk.bytes[i] = static_cast<std::byte>(i & 255U);
        files.put("grub.cfg", "a stranger's menu");
        files.put("vmlinuz", "a stranger's kernel");
        esp.put("EFI/BOOT/BOOTX64.EFI", "a stranger's loader");
    }

    RealisedPlan plan(const Version& version) {
        RealisedPlan plan;
        plan.bootloader = "grub";
        plan.targets = {{.id = {"files"}, .spec = {}, .uuid = {}, .own = rel("cordwainer")},
                        {.id = {"esp"}, .spec = {}, .uuid = {}, .own = rel("EFI/cordwainer")},
                        {.id = {"disk"}, .spec = {}, .uuid = {}, .own = {}}};
        plan.targets[2].spec.type = TargetType::block;

        const std::string directory = "cordwainer/" + version.key;
        std::string menu = version.menu + "\n";
        for (const char* module : {"linux", "normal"}) {
            const std::string text = std::string(module) + " of " + version.key;
            const std::string path = directory + "/" + module + ".mod";
            plan.steps.push_back(
                BasicStageFile<RealisedSource>{{"files"}, rel(path), contents.add(text)});
            menu += path + " " + sha256(text).hex() + "\n";
        }
        for (const std::string& kernel : version.kernels) {
            const ObjectRef object = contents.add(kernel);
            const std::string path = "cordwainer/kernels/" + object.digest.hex();
            plan.steps.push_back(
                BasicStageFile<RealisedSource>{{"files"}, rel(path), RealisedSource(object)});
            menu += path + " " + object.digest.hex() + "\n";
        }
        replace(plan, "files", directory + "/grub.cfg", menu);
        replace(plan, "files", "grub.cfg", "configfile " + directory + "/grub.cfg");
        replace(plan,
                "esp",
                "EFI/cordwainer/grubx64.efi",
                core_image("core " + directory + "\n", directory));
        add_boot_code(plan, directory);
        plan.references = {{.path = "/gnu/store/" + version.menu,
                            .digest = sha256(version.menu),
                            .size = 1,
                            .target = {"files"}}};
        return plan;
    }

    ApplyOutcome apply(const RealisedPlan& plan, Trust trust = Trust::stamps) {
        return cordwainer::apply(plan, bindings(), contents, progress, trust);
    }

    [[nodiscard]] Bindings bindings() {
        return {.files = {{{"files"}, &files}, {{"esp"}, &esp}},
                .blocks = {{{"disk"}, &disk}},
                .firmware = nullptr};
    }

    void power_up(MemFiles::AfterCut after) {
        faults.restore();
        files.power_up(after);
        esp.power_up(after);
    }

    // The menu's own text, if everything that it needs is there, or what is wrong.
    [[nodiscard]] std::string boot_from_disk() const {
        const auto lba = le64_at(disk.bytes, kPointer);
        if (!lba || *lba == 0) return "no boot code";
        const auto slot = slice(disk.bytes, *lba * 512, 1024);
        return slot ? boot_core(to_text(*slot)) : "no boot image";
    }

    [[nodiscard]] std::string boot_from_esp() const {
        return boot_core(esp.text("EFI/cordwainer/grubx64.efi").value_or(""));
    }

    MemContents contents;
    Faults faults;
    MemFiles files;
    MemFiles esp;
    MemDisk disk;
    SilentProgress progress;

  private:
    void replace(RealisedPlan& plan,
                 const std::string& target,
                 const std::string& path,
                 const std::string& text) {
        plan.steps.push_back(
            BasicReplaceFile<RealisedSource>{{target}, rel(path), contents.add(text)});
    }

    // Filled up with what tells a whole one.
    static std::string core_image(std::string head, const std::string& directory) {
        head.resize(kCoreSize, directory.back());
        return head;
    }

    void add_boot_code(RealisedPlan& plan, const std::string& directory) {
        BasicSwitchBootCode<RealisedSource> step;
        step.target = {"disk"};
        // Another core, another boot sector.
        step.boot_code = contents.add(sha256(directory).hex() + std::string(512 - 64, 'b'));
        step.keep = {{440, 72}};
        step.pointer_offset = kPointer;
        // The core names its place, as GRUB's block list does.
        for (const std::uint64_t lba : {2U, 10U}) {
            const std::string head = "core " + directory + "\nplace " + std::to_string(lba) + "\n";
            step.slots.push_back({{lba, 8}, contents.add(core_image(head, directory))});
        }
        plan.steps.emplace_back(std::move(step));
    }

    [[nodiscard]] std::string boot_core(const std::string& core) const {
        if (!core.starts_with("core ") || core.find('\n') == std::string::npos)
            return "broken core image";
        const std::string directory = core.substr(5, core.find('\n') - 5);
        if (core.size() < kCoreSize || core[kCoreSize - 1] != directory.back())
            return "torn core image";
        const auto menu = files.text(directory + "/grub.cfg");
        if (!menu) return "no menu in " + directory;
        std::istringstream lines(*menu);
        std::string name;
        std::getline(lines, name);
        std::string path;
        std::string digest;
        while (lines >> path >> digest) {
            const auto text = files.text(path);
            if (!text) return path + " is missing";
            if (sha256(*text).hex() != digest) return path + " is broken";
        }
        return name;
    }
};

}  // namespace cordwainer::test
