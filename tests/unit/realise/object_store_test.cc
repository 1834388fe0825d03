#include "realise/object_store.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <sys/stat.h>

#include "sys/file_io.h"

namespace cordwainer {
namespace {

class ObjectStoreTest : public ::testing::TestWithParam<ObjectStore::Durability> {
  protected:
    void SetUp() override {
        auto made = TemporaryDirectory::make({}, "object-store-test-");
        ASSERT_TRUE(made);
        scratch_ = std::make_unique<TemporaryDirectory>(std::move(*made));
        state_ = scratch_->path() / "var" / "state";
    }

    [[nodiscard]] ObjectStore store() const { return {state_, GetParam()}; }

    std::unique_ptr<TemporaryDirectory> scratch_;
    std::filesystem::path state_;
};

INSTANTIATE_TEST_SUITE_P(All,
                         ObjectStoreTest,
                         ::testing::Values(ObjectStore::Durability::durable,
                                           ObjectStore::Durability::fast));

TEST_P(ObjectStoreTest, KeepsBytesUnderTheirDigest) {
    ObjectStore store = this->store();
    const ObjectRef object{sha256("content"), 7};
    EXPECT_FALSE(store.has(object));
    const auto added = store.add(as_bytes("content"));
    ASSERT_TRUE(added) << added.error().message();
    EXPECT_EQ(*added, object);
    EXPECT_TRUE(store.has(object));
    EXPECT_EQ(store.path(object.digest), state_ / "objects" / object.digest.hex());
    EXPECT_EQ(read_text_file(store.path(object.digest)).value_or(""), "content");
    struct stat status{};
    ASSERT_EQ(::stat(store.path(object.digest).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0644U);
}

TEST_P(ObjectStoreTest, AnObjectThatIsThereIsNotWrittenAgain) {
    ObjectStore store = this->store();
    const auto object = store.add(as_bytes("content"));
    ASSERT_TRUE(object);
    const auto path = store.path(object->digest);
    struct stat before{};
    ASSERT_EQ(::stat(path.c_str(), &before), 0);
    ASSERT_TRUE(store.add(as_bytes("content")));
    struct stat after{};
    ASSERT_EQ(::stat(path.c_str(), &after), 0);
    EXPECT_EQ(before.st_ino, after.st_ino);
    EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

TEST_P(ObjectStoreTest, AnObjectOfTheWrongSizeIsWrittenAnew) {
    ObjectStore store = this->store();
    const auto object = store.add(as_bytes("content"));
    ASSERT_TRUE(object);
    ASSERT_TRUE(write_durably(store.path(object->digest), as_bytes("con")));
    EXPECT_FALSE(store.has(*object));
    ASSERT_TRUE(store.add(as_bytes("content")));
    EXPECT_EQ(read_text_file(store.path(object->digest)).value_or(""), "content");
}

TEST_P(ObjectStoreTest, ImportsFiles) {
    ObjectStore store = this->store();
    const auto from = scratch_->path() / "from";
    ASSERT_TRUE(write_durably(from, as_bytes("kernel")));
    const auto object = store.add_file(from, sha256("kernel"));
    ASSERT_TRUE(object) << object.error().message();
    EXPECT_EQ(*object, (ObjectRef{sha256("kernel"), 6}));
    EXPECT_EQ(read_text_file(store.path(object->digest)).value_or(""), "kernel");
    // Again, and then with another digest.
    EXPECT_TRUE(store.add_file(from, sha256("kernel")));
    const auto wrong = store.add_file(from, sha256("another"));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Errc::corrupt);
    EXPECT_FALSE(std::filesystem::exists(store.path(sha256("another"))));
    int names = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(state_ / "objects"))
        ++names;
    EXPECT_EQ(names, 1) << "a temporary file was left";
    const auto missing = store.add_file(scratch_->path() / "missing", sha256("x"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
}

TEST_P(ObjectStoreTest, RemembersWhatARecipeMade) {
    ObjectStore store = this->store();
    const Digest key = sha256("recipe");
    const auto none = store.made_by(key);
    ASSERT_TRUE(none);
    EXPECT_FALSE(*none);
    const auto object = store.add(as_bytes("made"));
    ASSERT_TRUE(object);
    ASSERT_TRUE(store.note(key, *object));
    const auto made = store.made_by(key);
    ASSERT_TRUE(made && *made);
    EXPECT_EQ(**made, *object);
    EXPECT_EQ(read_text_file(state_ / "recipes" / key.hex()).value_or(""),
              object->digest.hex() + " 4\n");

    // A note without its object is as good as none.
    std::filesystem::remove(store.path(object->digest));
    const auto gone = store.made_by(key);
    ASSERT_TRUE(gone);
    EXPECT_FALSE(*gone);
}

TEST_P(ObjectStoreTest, ATornNoteIsAsGoodAsNone) {
    ObjectStore store = this->store();
    const Digest key = sha256("recipe");
    const auto object = store.add(as_bytes("made"));
    ASSERT_TRUE(object && store.note(key, *object));
    const auto path = state_ / "recipes" / key.hex();
    const auto whole = read_text_file(path);
    ASSERT_TRUE(whole);
    for (std::size_t size = 0; size < whole->size(); ++size) {
        std::ofstream(path) << whole->substr(0, size);
        const auto made = store.made_by(key);
        ASSERT_TRUE(made);
        EXPECT_FALSE(*made) << size;
    }
    for (const char* text : {"x", "\n", " \n"}) {
        std::ofstream(path) << object->digest.hex() << text;
        const auto made = store.made_by(key);
        ASSERT_TRUE(made);
        EXPECT_FALSE(*made) << text;
    }
}

}  // namespace
}  // namespace cordwainer
