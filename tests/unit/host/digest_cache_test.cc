#include "host/digest_cache.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <thread>

#include "tests/support/system_tree.h"

namespace cordwainer {
namespace {

using test::bzimage;
using test::SystemTree;

constexpr std::int64_t kLongAgo = 1'000'000'000;  // seconds

// Whether the file was read shows in its answer: the content is changed in a way that the cache
// must not notice.
class DigestCacheTest : public testing::Test {
  protected:
    // A file of the store whose time is long ago, as in real stores.
    void store_file(const std::string& path, const std::string& content) const {
        tree_.file(path, content);
        tree_.touch(path, kLongAgo);
    }

    Result<Digest> digest(DigestCache& cache, const std::string& path) const {
        const Root root = tree_.root();
        const auto status = root.status(path);
        if (!status) return status.error();
        if (!*status) return Error(Errc::not_found, path);
        return cache.digest(root, path, **status);
    }

    std::optional<std::string> version(DigestCache& cache, const std::string& path) const {
        const Root root = tree_.root();
        const auto found = cache.kernel_version(root, path, **root.status(path));
        EXPECT_TRUE(found) << found.error().message();
        return found ? *found : std::nullopt;
    }

    SystemTree tree_;
};

constexpr const char* kPath = "/gnu/store/abc-linux/bzImage";

TEST_F(DigestCacheTest, HashesWhatItDoesNotKnow) {
    DigestCache cache;
    store_file(kPath, "kernel");
    EXPECT_EQ(*digest(cache, kPath), sha256("kernel"));
    EXPECT_EQ(digest(cache, "/missing").error().code, Errc::not_found);
}

TEST_F(DigestCacheTest, ReadsAFileOfAnImmutableStoreOnce) {
    DigestCache cache;
    store_file(kPath, "kernel");
    ASSERT_TRUE(digest(cache, kPath));
    std::filesystem::remove(tree_.outside(kPath));
    store_file(kPath, "KERNEL");  // another inode, another change time
    EXPECT_EQ(*digest(cache, kPath), sha256("kernel"));
    store_file(kPath, "longer kernel");
    EXPECT_EQ(*digest(cache, kPath), sha256("longer kernel"));
    tree_.file(kPath, "newer! kernel");
    tree_.touch(kPath, kLongAgo + 1);
    EXPECT_EQ(*digest(cache, kPath), sha256("newer! kernel"));
}

TEST_F(DigestCacheTest, TellsWhatChangedInAStore) {
    DigestCache cache;
    store_file(kPath, "kernel");
    tree_.file("/boot/vmlinuz", "kernel");
    tree_.touch("/boot/vmlinuz", kLongAgo);
    ASSERT_TRUE(digest(cache, kPath) && digest(cache, "/boot/vmlinuz"));
    DigestCache later = DigestCache::from_text(cache.text());
    tree_.touch(kPath, kLongAgo + 1);  // the same content
    tree_.file("/boot/vmlinuz", "another");
    ASSERT_TRUE(digest(later, kPath) && digest(later, "/boot/vmlinuz"));
    EXPECT_TRUE(later.altered().empty());
    store_file(kPath, "longer kernel");
    EXPECT_EQ(version(later, kPath), std::nullopt);  // as a run that asks for that first
    ASSERT_TRUE(digest(later, kPath));
    EXPECT_EQ(later.altered(), std::vector<std::string>{kPath});
}

TEST_F(DigestCacheTest, AnswersSeveralThreads) {
    constexpr int kFiles = 50;
    for (int i = 0; i < kFiles; ++i) {
        store_file("/gnu/store/" + std::to_string(i) + "-linux/bzImage",
                   bzimage("6.12." + std::to_string(i)));
    }
    DigestCache cache;
    const auto ask = [&](bool digests) {
        for (int i = 0; i < kFiles; ++i) {
            const std::string path = "/gnu/store/" + std::to_string(i) + "-linux/bzImage";
            if (digests) {
                EXPECT_TRUE(digest(cache, path));
            } else {
                EXPECT_EQ(version(cache, path), "6.12." + std::to_string(i));
            }
        }
    };
    {
        const std::jthread digests(ask, true);
        const std::jthread versions(ask, false);
    }
    // Neither has forgotten what the other found out.
    for (int i = 0; i < kFiles; ++i) {
        std::filesystem::remove(
            tree_.outside("/gnu/store/" + std::to_string(i) + "-linux/bzImage"));
        store_file("/gnu/store/" + std::to_string(i) + "-linux/bzImage",
                   std::string(bzimage("6.12." + std::to_string(i)).size(), 'x'));
    }
    ask(false);
    const std::string text = cache.text();
    EXPECT_EQ(text.find(" ?\n"), std::string::npos);
    EXPECT_EQ(text.find(" - ="), std::string::npos);
}

TEST_F(DigestCacheTest, TrustsOtherFilesOnlyWhileNothingOfThemChanges) {
    DigestCache cache;
    const std::string path = "/boot/vmlinuz";
    tree_.file(path, "kernel");
    tree_.touch(path, kLongAgo);
    ASSERT_EQ(*digest(cache, path), sha256("kernel"));
    tree_.file(path, "KERNEL");  // same inode, same size
    tree_.touch(path, kLongAgo);
    EXPECT_EQ(*digest(cache, path), sha256("KERNEL"));
}

TEST_F(DigestCacheTest, DoesNotRememberWhatChangedJustNow) {
    DigestCache cache;
    tree_.file("/boot/vmlinuz", "kernel");
    ASSERT_TRUE(digest(cache, "/boot/vmlinuz"));
    EXPECT_EQ(cache.text(), DigestCache().text());
    store_file(kPath, "kernel");
    ASSERT_TRUE(digest(cache, kPath));
    EXPECT_NE(cache.text(), DigestCache().text());
}

TEST_F(DigestCacheTest, RefusesAFileThatIsNotTheOneThatWasLookedAt) {
    DigestCache cache;
    store_file(kPath, "kernel");
    const Root root = tree_.root();
    const FileStatus before = **root.status(kPath);
    tree_.file(kPath, "another kernel");
    const auto found = cache.digest(root, kPath, before);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::refused);
    EXPECT_NE(found.error().message().find(kPath), std::string::npos);
}

TEST_F(DigestCacheTest, RemembersVersionsToo) {
    DigestCache cache;
    store_file(kPath, bzimage("6.12.1-gnu"));
    store_file("/gnu/store/other", "no kernel");
    EXPECT_EQ(version(cache, kPath), "6.12.1-gnu");
    EXPECT_EQ(version(cache, "/gnu/store/other"), std::nullopt);
    store_file(kPath, std::string(bzimage("6.12.1-gnu").size(), 'x'));
    store_file("/gnu/store/other", std::string(9, 'x'));
    DigestCache loaded = DigestCache::from_text(cache.text());
    EXPECT_EQ(version(loaded, kPath), "6.12.1-gnu");
    EXPECT_EQ(version(loaded, "/gnu/store/other"), std::nullopt);
}

TEST_F(DigestCacheTest, ComesBackFromItsText) {
    DigestCache cache;
    const std::string strange = "/gnu/store/a\tb\nc\\d e";
    for (const std::string& path : {std::string(kPath), strange, std::string("/boot/x")}) {
        store_file(path, path);
    }
    std::filesystem::rename(tree_.outside("/boot/x"), tree_.outside("/gnu/store/x"));
    for (const std::string& path : {std::string(kPath), strange}) ASSERT_TRUE(digest(cache, path));
    ASSERT_EQ(version(cache, kPath), std::nullopt);
    DigestCache loaded = DigestCache::from_text(cache.text());
    EXPECT_EQ(loaded.text(), cache.text());
    for (const std::string& path : {std::string(kPath), strange}) {
        store_file(path, std::string(path.size(), 'x'));
        EXPECT_EQ(*digest(loaded, path), sha256(path)) << path;
    }
    // What is learnt later is put among what was known.
    ASSERT_TRUE(digest(loaded, "/gnu/store/x"));
    DigestCache again = DigestCache::from_text(loaded.text());
    store_file("/gnu/store/x", std::string(7, 'y'));
    EXPECT_EQ(*digest(again, "/gnu/store/x"), sha256("/boot/x"));
    EXPECT_EQ(*digest(again, kPath), sha256(kPath));
}

TEST_F(DigestCacheTest, IgnoresADamagedText) {
    DigestCache cache;
    store_file(kPath, "kernel");
    ASSERT_TRUE(digest(cache, kPath));
    const std::string text = cache.text();
    store_file(kPath, "KERNEL");
    {
        DigestCache whole = DigestCache::from_text(text);
        EXPECT_EQ(*digest(whole, kPath), sha256("kernel"));
    }
    for (std::size_t size = 0; size < text.size(); ++size) {
        DigestCache cut = DigestCache::from_text(text.substr(0, size));
        ASSERT_EQ(*digest(cut, kPath), sha256("KERNEL")) << size;
    }
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::string flipped = text;
        flipped[at] = static_cast<char>(flipped[at] ^ 1);
        DigestCache damaged = DigestCache::from_text(flipped);
        ASSERT_EQ(*digest(damaged, kPath), sha256("KERNEL")) << at;
    }
}

TEST_F(DigestCacheTest, IsSavedOnlyWhereThereIsAnythingNew) {
    const std::filesystem::path file = tree_.path() / "state/deep" / kDigestCacheName;
    DigestCache cache = DigestCache::load(file);
    ASSERT_TRUE(cache.save(file));
    EXPECT_FALSE(std::filesystem::exists(file));
    store_file(kPath, "kernel");
    ASSERT_TRUE(digest(cache, kPath));
    ASSERT_TRUE(cache.save(file));
    EXPECT_EQ(tree_.content("/state/deep/digests"), cache.text());

    DigestCache loaded = DigestCache::load(file);
    ASSERT_TRUE(digest(loaded, kPath));
    std::filesystem::remove(file);
    ASSERT_TRUE(loaded.save(file));
    EXPECT_FALSE(std::filesystem::exists(file));
}

// Planning with 10,000 generations has 20,000 files.
TEST_F(DigestCacheTest, LoadsManyFilesFast) {
    std::string body;
    for (int i = 100'000; i < 120'000; ++i) {
        body += "/gnu/store/0123456789abcdfghijklmnpqrsvwxyz-" + std::to_string(i) +
                "-linux-libre/bzImage\t12345678 1000000000 1795341600123456789 64768 " +
                std::to_string(i) + " " + sha256("x").hex() + " =6.12.1-gnu\n";
    }
    const std::string text = "cordwainer-digests/1\n" + sha256(body).hex() + "\n" + body;
    const auto start = std::chrono::steady_clock::now();
    const DigestCache cache = DigestCache::from_text(text);
    const auto taken = std::chrono::steady_clock::now() - start;
    EXPECT_EQ(cache.text(), text);
    RecordProperty(
        "microseconds",
        std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(taken).count()));
    EXPECT_LT(taken, std::chrono::seconds(1));  // wide: machines differ, sanitizers are slow
}

}  // namespace
}  // namespace cordwainer
