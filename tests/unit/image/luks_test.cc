#include "image/luks.h"

#include <gmock/gmock.h>

#include "image/file_system_limits.h"
#include "tests/unit/image/support.h"

namespace cordwainer::image::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class LuksTest : public ImageTest {
  protected:
    // Builds an image of one encrypted ext4 and returns its partition as a file.
    std::filesystem::path build_with(const std::string& encryption) {
        write("root/etc/hostname", "the plain text\n");
        const auto layout = layout_from(R"({
            "system": {"root": "root"},
            "partition": [{"type": "linux", "size": "40MiB", "file-system": "ext4", "mount": "/",
                           "encryption": {"uuid": "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3", )" +
                                            encryption + "}}]}",
                                        directory_.path());
        EXPECT_TRUE(layout) << layout.error().message();
        const auto report = build(*layout, path("disk.img"));
        EXPECT_TRUE(report) << report.error().message();
        return extract(path("disk.img"), 2048, 40 * kMiB / kSector);
    }

    // The exit status of cryptsetup when it tries a passphrase.
    static bool opens(const std::filesystem::path& part, const std::string& passphrase) {
        ToolRun run;
        run.arguments = {"open",
                         "--test-passphrase",
                         "--disable-locks",
                         "--key-file",
                         "-",
                         part.string(),
                         "unused"};
        run.input = passphrase;
        return run_tool({.name = "cryptsetup", .package = "?"}, run).has_value();
    }

    // Decrypts with cryptsetup's own code, without device mapper.
    std::string decrypted(const std::filesystem::path& part) {
        ToolRun run;
        run.arguments = {"reencrypt",
                         "--decrypt",
                         "--header",
                         path("header"),
                         "--disable-locks",
                         "--force-offline-reencrypt",
                         "--batch-mode",
                         "--key-file",
                         "-",
                         part.string()};
        run.input = "secret";
        const auto output = run_tool({.name = "cryptsetup", .package = "?"}, run);
        EXPECT_TRUE(output) << output.error().message();
        return part.string();
    }
};

TEST_F(LuksTest, Luks2OpensAndHoldsTheFileSystem) {
    const auto part = build_with(
        R"("type": "luks2", "passphrase": "secret", "iterations": 1000, "label": "box")");
    const std::string dump = run("cryptsetup", {"luksDump", "--disable-locks", part});
    EXPECT_THAT(dump, HasSubstr("UUID:          \t3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3"));
    EXPECT_THAT(dump, HasSubstr("Label:         \tbox"));
    EXPECT_THAT(dump, HasSubstr("offset: 16777216 [bytes]"));
    EXPECT_THAT(dump, HasSubstr("PBKDF:      pbkdf2"));
    EXPECT_TRUE(opens(part, "secret"));
    EXPECT_FALSE(opens(part, "Secret"));
    const std::string plain = decrypted(part);
    run("e2fsck", {"-fn", plain});
    EXPECT_THAT(debugfs(plain, "cat /etc/hostname"), HasSubstr("the plain text"));
}

TEST_F(LuksTest, LargeSectors) {
    const auto part = build_with(
        R"("type": "luks2", "passphrase": "secret", "iterations": 1000, "sector-size": 4096,
           "key-size": 256, "hash": "sha512")");
    const std::string plain = decrypted(part);
    run("e2fsck", {"-fn", plain});
    EXPECT_THAT(debugfs(plain, "cat /etc/hostname"), HasSubstr("the plain text"));
}

TEST_F(LuksTest, Argon2) {
    const auto part = build_with(
        R"("type": "luks2", "passphrase": "secret", "pbkdf": "argon2id", "iterations": 4,
           "memory": 64, "parallel": 1)");
    EXPECT_THAT(run("cryptsetup", {"luksDump", "--disable-locks", part}),
                HasSubstr("PBKDF:      argon2id"));
    EXPECT_TRUE(opens(part, "secret"));
}

TEST_F(LuksTest, Luks1OpensAndGrubReadsIt) {
    write("key", "secret\n");
    const auto part =
        build_with(R"("type": "luks1", "passphrase-file": "key", "iterations": 1000)");
    EXPECT_TRUE(opens(part, "secret"));
    EXPECT_FALSE(opens(part, "secret\n"));
    EXPECT_THAT(run("cryptsetup", {"luksDump", part}), HasSubstr("Payload offset:\t4096"));
    // GRUB's own reader, without a boot; it asks for the passphrase on standard input.
    ToolRun grub;
    grub.arguments = {"-C", "-r", "crypto0", part.string(), "cat", "/etc/hostname"};
    grub.input = "secret\n";
    const auto read = run_tool({.name = "grub-fstest", .package = "?"}, grub);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_THAT(read->output, HasSubstr("the plain text"));
}

TEST_F(LuksTest, TheContentIsNotThereInPlain) {
    const auto part = build_with(R"("type": "luks2", "passphrase": "secret", "iterations": 1000)");
    const auto bytes = read_file(part);
    ASSERT_TRUE(bytes);
    EXPECT_THAT(to_text(*bytes), Not(HasSubstr("the plain text")));
    // Free space is encrypted too: no sector of the content reads as zeros.
    const Bytes zeros(kSector);
    const std::size_t payload = 16 * kMiB;
    for (std::size_t at = payload; at < bytes->size(); at += kSector) {
        ASSERT_FALSE(std::ranges::equal(*slice(*bytes, at, kSector), zeros)) << at;
    }
}

TEST_F(LuksTest, AnEmptyPassphraseIsRefused) {
    write("key", "\n");
    const auto layout = layout_from(R"({"partition": [
        {"type": "linux", "size": "40MiB", "file-system": "ext4",
         "encryption": {"type": "luks2", "passphrase-file": "key"}}]})",
                                    directory_.path());
    const auto report = build(*layout, path("disk.img"));
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().message(), HasSubstr("the passphrase is empty"));
}

}  // namespace
}  // namespace cordwainer::image::test
