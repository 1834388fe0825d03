// Real programs for tests: GRUB's own, found on this machine.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/wait.h>

#include "core/bytes.h"
#include "model/bootloader.h"

namespace cordwainer::grub::testing {

// A directory that is removed with the object.
class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string name =
            (std::filesystem::temp_directory_path() / "cordwainer-grub-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }

    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    TemporaryDirectory(TemporaryDirectory&&) = delete;
    TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;

    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    std::filesystem::path write(const std::string& name, const std::string& content) const {
        const std::filesystem::path file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }

  private:
    std::filesystem::path path_;
};

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Outcome {
    int status = -1;
    std::string output;  // standard output and standard error
};

// Runs a shell command.
inline Outcome shell(const std::string& command) {
    Outcome outcome;
    FILE* pipe = popen(("{ " + command + "; } 2>&1").c_str(), "r");
    if (!pipe) return outcome;
    char buffer[4096];
    while (const std::size_t count = fread(buffer, 1, sizeof buffer, pipe)) {
        outcome.output.append(buffer, count);
    }
    outcome.status = WEXITSTATUS(pclose(pipe));
    return outcome;
}

inline std::string shell_quote(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

// What grub-script-check says of a script; empty where it accepts it.
inline std::string script_errors(const std::string& script) {
    const TemporaryDirectory directory;
    const auto file = directory.write("grub.cfg", script);
    const Outcome outcome = shell("grub-script-check " + shell_quote(file.string()));
    return outcome.status == 0 ? "" : "grub-script-check: " + outcome.output;
}

// Runs makers' programs as they are.
class ShellRunner : public Runner {
  public:
    Result<std::string> run(const Command& command) override {
        std::string line = "cd " + shell_quote(command.directory.string()) + " && ";
        for (const std::string& argument : command.arguments) line += shell_quote(argument) + " ";
        Outcome outcome;
        line += "2>/dev/null";
        FILE* pipe = popen(line.c_str(), "r");
        if (!pipe) return Error(Errc::io, "popen");
        char buffer[4096];
        while (const std::size_t count = fread(buffer, 1, sizeof buffer, pipe)) {
            outcome.output.append(buffer, count);
        }
        if (WEXITSTATUS(pclose(pipe)) != 0) return Error(Errc::tool_failed, line);
        return outcome.output;
    }
};

}  // namespace cordwainer::grub::testing
