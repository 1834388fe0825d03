// A small system in a temporary directory, for tests of what reads systems.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "sys/file_io.h"
#include "sys/root.h"

namespace cordwainer::test {

// Paths are inside the system: absolute, with the root's own path left out.
class SystemTree {
  public:
    SystemTree() : directory_(*TemporaryDirectory::make({}, "cordwainer-test-")) {}

    [[nodiscard]] std::filesystem::path path() const { return directory_.path(); }

    [[nodiscard]] Root root() const { return *Root::open(path().string()); }

    // Where `inside` is on the machine that runs the test.
    [[nodiscard]] std::string outside(const std::string& inside) const {
        return path().string() + inside;
    }

    void directory(const std::string& inside) const {
        std::filesystem::create_directories(outside(inside));
    }

    void file(const std::string& inside, const std::string& content) const {
        std::filesystem::create_directories(std::filesystem::path(outside(inside)).parent_path());
        std::ofstream stream(outside(inside), std::ios::binary);
        stream << content;
        EXPECT_TRUE(stream.flush()) << inside;
    }

    [[nodiscard]] std::string content(const std::string& inside) const {
        std::ifstream stream(outside(inside), std::ios::binary);
        EXPECT_TRUE(stream) << inside;
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    void link(const std::string& inside, const std::string& text) const {
        std::filesystem::create_directories(std::filesystem::path(outside(inside)).parent_path());
        std::filesystem::remove(outside(inside));
        std::filesystem::create_symlink(text, outside(inside));
    }

    // Sets the modification time of the file or link itself.
    void touch(const std::string& inside, std::int64_t seconds) const {
        const timespec times[2] = {{seconds, 0}, {seconds, 0}};
        EXPECT_EQ(::utimensat(AT_FDCWD, outside(inside).c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
    }

  private:
    TemporaryDirectory directory_;
};

// The beginning of an x86 bzImage that says that it has this version.
inline std::string bzimage(const std::string& version) {
    constexpr std::size_t kText = 0x400;
    std::string image(0x800, '\x90');
    image.replace(0x1fe, 2, "\x55\xaa");
    image.replace(0x202, 4, "HdrS");
    image.replace(0x206, 2, "\x0f\x02");
    image.replace(0x20e, 2, std::string("\x00\x02", 2));
    image.replace(kText, version.size() + 12, version + " (b@h) #1 x" + '\0');
    return image;
}

}  // namespace cordwainer::test
