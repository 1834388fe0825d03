// For each generation: from where GRUB reads its kernel, initrds and modules, in place or copied.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bootloaders/grub/boot_place.h"
#include "bootloaders/grub/installation.h"
#include "core/error.h"
#include "model/bootloader.h"
#include "model/generation.h"

namespace cordwainer::grub {

// Everything that the menu entry of one generation reads.
struct EntryFiles {
    struct Module {
        BootPlace place;
        std::vector<std::string> arguments;
    };

    BootPlace kernel;
    std::vector<BootPlace> initrds;  // microcode first, the extra initrd last
    std::vector<Module> modules;     // non-empty: `kernel` is a multiboot kernel
    std::optional<BootPlace> device_tree;
    // Where a Guix generation of the Hurd lies, whose kernel is to be told that partition.
    std::optional<BootPlace> hurd_root;
};

// Works through the generations, and collects what has to be installed and what is referred to.
class BootFiles {
  public:
    // Both must outlive the object and every place that it gives. Fails where microcode or an extra
    // initrd that the configuration names is missing, or where GRUB cannot read the second, which
    // may hold secrets and is never copied.
    [[nodiscard]] static Result<BootFiles> make(const Installation& installation,
                                                const InstallRequest& request);

    // Where the files of `generation` are read from. Fails where one is missing.
    [[nodiscard]] Result<EntryFiles> files_of(const Generation& generation);

    // What is to be copied: name below the target's own directory → source.
    [[nodiscard]] const std::map<std::string, HostFile>& copies() const { return copies_; }

    // What is read in place; given away.
    [[nodiscard]] std::vector<Reference> take_references();

    // One sentence each, none twice.
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    BootFiles(const Installation& installation, const InstallRequest& request)
        : installation_(installation), request_(request) {}

    Result<BootPlace> read_from(const BootFile& file, BootPlace in_place);
    Result<BootPlace> read_source(const HostFile& source, BootPlace in_place);
    BootPlace read_in_place(const HostFile& source, BootPlace place);
    BootPlace copy(const HostFile& source);
    [[nodiscard]] Result<HostFile> configured(const std::string& path) const;
    Result<void> add_configured();
    const std::optional<std::string>& why_not(const Volume& volume);
    void warn_once(const std::string& text);

    const Installation& installation_;
    const InstallRequest& request_;
    std::vector<BootPlace> microcode_;
    std::optional<BootPlace> extra_initrd_;
    std::map<const Volume*, std::optional<std::string>> readability_;
    std::map<std::string, HostFile> copies_;
    std::map<std::string, Reference> references_;  // by path
    std::vector<std::string> warnings_;
    std::set<std::string> warned_;
};

}  // namespace cordwainer::grub
