#include "cli/init.h"

#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <unistd.h>

#include "bootloaders/registry.h"
#include "cli/config_file.h"
#include "cli/init_choice.h"
#include "cli/init_facts.h"
#include "cli/init_text.h"
#include "cli/output.h"
#include "core/bytes.h"
#include "sys/file_io.h"
#include "sys/root.h"

namespace cordwainer::cli {
namespace {

struct InitOptions {
    bool yes = false;
    bool force = false;
};

constexpr const char* kInitDetails =
    R"(Looks at the firmware, the disks, EFI system partitions and file systems, at what is encrypted, at the generations, and at which bootloaders' packages are installed; chooses a bootloader and its targets; and shows the configuration with a reason for each choice. It is written where the answer is yes, or with --yes. Nothing else is changed.

A bootloader is proposed only if its package is here and it can read what it has to. Where none can be, the message says for each what is in the way and what to do.

Disks can be looked at by root only.

Examples:

  cordwainer init
  cordwainer init --yes
  cordwainer init --force --root /mnt)";

Result<bool> exists(const Root& root, const Common& common) {
    std::error_code failed;
    if (common.config_given) {
        return std::filesystem::symlink_status(common.config, failed).type() !=
               std::filesystem::file_type::not_found;
    }
    const auto status = TRY(root.link_status(kConfigPath));
    return status.has_value();
}

// On the terminal: whether to write.
Result<bool> ask() {
    TRY_VOID(print("\nwrite it? [y/N] "));
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

Result<void> write(const Root& root, const Common& common, const std::string& text) {
    const std::filesystem::path path(common.config);
    if (!common.config_given) {
        // The directory is looked up as the system itself would: links in it lead inside the root.
        const std::string directory = std::filesystem::path(kConfigPath).parent_path();
        TRY_VOID(root.make_directories(directory));
        const std::string real = TRY(root.follow(directory));
        return write_durably(root.outside(real) + "/" + path.filename().string(), as_bytes(text));
    }
    return write_durably(path, as_bytes(text));
}

Result<void> show(const InitFacts& facts, const Common& common, const std::string& text) {
    TRY_VOID(print(findings_text(facts)));
    return print(fmt::format("\nProposed for {}:\n\n{}", printable(common.config), text));
}

Result<void> show_json(const InitFacts& facts,
                       const Proposal& proposal,
                       const std::string& text,
                       const std::string& written) {
    Json settings = Json::array();
    for (const Setting& setting : proposal.settings) {
        settings.push_back({{"key", setting.key}, {"value", setting.value}, {"why", setting.why}});
    }
    return print_json({{"format", "cordwainer-init/1"},
                       {"machine", findings_json(facts)},
                       {"proposal",
                        {{"bootloader", proposal.bootloader},
                         {"why", proposal.why},
                         {"settings", settings},
                         {"warnings", proposal.warnings},
                         {"text", text}}},
                       {"written", written.empty() ? Json() : Json(written)}});
}

Result<int> run_init(const InitOptions& options, const Common& common) {
    const Root root = TRY(Root::open(common.root));
    if (TRY(exists(root, common)) && !options.force) {
        return Error(Errc::refused,
                     common.config +
                         " exists: change it by hand, or let `cordwainer init --force` "
                         "replace it");
    }
    const InitFacts facts = TRY(look_around(common));
    const Result<Proposal> proposal = propose(facts);
    if (!proposal) {
        if (!common.json) TRY_VOID(print(findings_text(facts)));
        return proposal.error();
    }
    const std::string text = proposal_toml(*proposal);
    TRY_VOID(read_config(text, "the proposal", all_bootloaders()));
    if (!common.json) TRY_VOID(show(facts, common, text));
    const bool terminal =
        !common.json && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
    bool agreed = options.yes;
    if (!agreed && terminal) agreed = TRY(ask());
    if (agreed) TRY_VOID(write(root, common, text).with_context("write " + common.config));
    if (common.json) {
        TRY_VOID(show_json(facts, *proposal, text, agreed ? common.config : ""));
    } else if (agreed) {
        TRY_VOID(
            print(fmt::format("\nwritten: {}; `cordwainer plan` shows what it does, "
                              "`cordwainer install` does it\n",
                              printable(common.config))));
    }
    if (agreed) return kDone;
    complain(terminal
                 ? "init: nothing was written"
                 : "init: nothing was written, for there is no terminal to ask at: `cordwainer "
                   "init --yes` writes it");
    return kFailed;
}

}  // namespace

Command init_command() {
    return {
        .name = "init",
        .summary = "looks at the machine, proposes a configuration and writes it",
        .declare = [] -> Declared {
            auto options = std::make_shared<InitOptions>();
            return {.options = {{.names = {"--yes"},
                                 .meaning = "Write it without asking",
                                 .target = &options->yes},
                                {.names = {"--force"},
                                 .meaning = "Replace a configuration that is there",
                                 .target = &options->force}},
                    .run = [options](const Common& common) {
                        return run_init(*options, common).with_context("init");
                    }};
        },
        .details = kInitDetails,
    };
}

}  // namespace cordwainer::cli
