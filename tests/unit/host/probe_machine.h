// A machine for the probe: a mount table and a sysfs in a directory, whose device nodes are files
// that the real programs have made file systems and partition tables in.
#pragma once

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "host/probe.h"
#include "sys/file_io.h"
#include "sys/spawn.h"

namespace cordwainer {

class ProbedMachine : public ::testing::Test {
  protected:
    void SetUp() override {
        auto made = TemporaryDirectory::make({}, "probe-test-");
        ASSERT_TRUE(made);
        scratch_ = std::make_unique<TemporaryDirectory>(std::move(*made));
        base_ = std::filesystem::canonical(scratch_->path());
        for (const char* name : {"dev", "sys/class/block", "root/boot", "root/etc"}) {
            std::filesystem::create_directories(base_ / name);
        }
        write("mountinfo", "");
    }

    // Runs a program in the directory of the device nodes.
    void run(std::vector<std::string> arguments, const std::string& input = "") {
        const auto done =
            spawn({.arguments = std::move(arguments), .directory = base_ / "dev", .input = input});
        ASSERT_TRUE(done) << done.error().message();
    }

    void write(const std::string& path, const std::string& text) {
        std::filesystem::create_directories((base_ / path).parent_path());
        std::ofstream(base_ / path) << text;
    }

    // A device in sysfs ("sda", or "sda/sda1" for a partition) and, where there is none, a sparse
    // node for it. `number`: "8:0".
    void add_device(const std::string& place, const std::string& number, int mib = 64) {
        const std::string name = std::filesystem::path(place).filename();
        const std::string directory = "sys/devices/" + place;
        write(directory + "/dev", number + "\n");
        write(directory + "/size", std::to_string(mib * 2048) + "\n");
        if (place == name) write(directory + "/queue/logical_block_size", "512\n");
        if (place != name) write(directory + "/partition", name.substr(name.size() - 1) + "\n");
        std::filesystem::create_directory_symlink("../../devices/" + place,
                                                  base_ / "sys/class/block" / name);
        const auto node = base_ / "dev" / name;
        if (!std::filesystem::exists(node)) std::ofstream(node).close();
        std::filesystem::resize_file(node, static_cast<std::uintmax_t>(mib) << 20U);
    }

    // `name` is made of these devices.
    void add_parts(const std::string& name, const std::vector<std::string>& parts) {
        for (const std::string& part : parts) write("sys/devices/" + name + "/slaves/" + part, "");
    }

    void add_mapper(const std::string& name, const std::string& uuid) {
        write("sys/devices/" + name + "/dm/uuid", uuid + "\n");
    }

    // A line of the mount table; `point` is inside the system, "" for its root.
    void mount(int id,
               int parent,
               const std::string& number,
               const std::string& directory,
               const std::string& point,
               const std::string& type,
               const std::string& source) {
        std::ofstream(base_ / "mountinfo", std::ios::app)
            << id << ' ' << parent << ' ' << number << ' ' << directory << ' '
            << (base_ / "root").string() << point << " rw,relatime - " << type << ' ' << source
            << " rw\n";
    }

    // A GPT with a BIOS boot partition and one for Linux, which is sda1 and sda2.
    void add_gpt_disk(const std::string& name, const std::string& major, const std::string& seed) {
        add_device(name, major + ":0");
        run({"sfdisk", "-q", name},
            "label: gpt\nlabel-id: " + seed +
                "0000000-0000-4000-8000-000000000000\n"
                "start=2048,size=2048,type=21686148-6449-6E6F-744E-656564454649,uuid=" +
                seed +
                "0000000-0000-4000-8000-000000000001\n"
                "start=4096,size=65536,uuid=" +
                seed + "0000000-0000-4000-8000-000000000002\n");
        add_device(name + "/" + name + "1", major + ":1", 1);
        add_device(name + "/" + name + "2", major + ":2", 32);
    }

    [[nodiscard]] Result<Probe> open() const {
        const auto system = Root::open((base_ / "root").string());
        if (!system) return system.error();
        return Probe::open(
            *system,
            {.mountinfo = base_ / "mountinfo", .sys = base_ / "sys", .dev = base_ / "dev"});
    }

    [[nodiscard]] Result<ProbedTargets> targets(
        const std::vector<TargetSpec>& specs, const std::vector<PlannedTarget>& known = {}) const {
        const auto probe = open();
        if (!probe) return probe.error();
        return probe->targets(specs, known);
    }

    static TargetSpec file(const std::string& path, const std::string& tag = "files") {
        return {.tag = tag,
                .type = TargetType::file,
                .path = path,
                .block = {},
                .location = {.file = "config.toml", .line = 3, .column = 1}};
    }

    static TargetSpec block(BlockId::Kind kind, const std::string& value) {
        return {.tag = "disk",
                .type = TargetType::block,
                .path = {},
                .block = {.kind = kind, .value = value},
                .location = {.file = "config.toml", .line = 5, .column = 1}};
    }

    std::unique_ptr<TemporaryDirectory> scratch_;
    std::filesystem::path base_;
};

}  // namespace cordwainer
