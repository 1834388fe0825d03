#include "cli/deletions.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

namespace cordwainer::cli {
namespace {

// A volume with files of generations: each file is there for those that need it, and goes with the
// last of them.
class DeletionsTest : public testing::Test {
  protected:
    struct File {
        std::uint64_t size = 0;
        std::set<std::uint64_t> needed_by;
    };

    [[nodiscard]] Result<RoomWithout> ask(const std::vector<GenerationId>& gone) {
        ++asked_;
        std::set<std::uint64_t> numbers;
        for (const GenerationId& id : gone) numbers.insert(id.number);
        RoomWithout room;
        for (const auto& [name, free] : free_) {
            VolumeRoom volume{.volume = name, .targets = {}, .free = free, .needed = needed_[name]};
            for (const File& file : files_[name]) {
                const bool goes = std::ranges::includes(numbers, file.needed_by);
                if (goes) volume.free += file.size;
            }
            room.installing.push_back(volume);
        }
        if (!gone.empty()) {
            room.deleting.push_back(
                {.volume = "a", .targets = {}, .free = free_["a"], .needed = to_delete_});
        }
        return room;
    }

    Deletions choose(std::uint64_t count) {
        std::vector<GenerationId> all;
        for (std::uint64_t number = 1; number <= count; ++number) {
            all.push_back({.number = number, .identity = "s"});
        }
        const auto made = choose_deletions(
            all, [this](const std::vector<GenerationId>& gone) { return ask(gone); });
        EXPECT_TRUE(made);
        return *made;
    }

    static std::vector<std::uint64_t> numbers(const std::vector<GenerationId>& ids) {
        std::vector<std::uint64_t> all;
        for (const GenerationId& id : ids) all.push_back(id.number);
        return all;
    }

    using Numbers = std::vector<std::uint64_t>;

    std::map<std::string, std::uint64_t> free_;
    std::map<std::string, std::uint64_t> needed_;
    std::map<std::string, std::vector<File>> files_;
    std::uint64_t to_delete_ = 0;
    int asked_ = 0;
};

TEST_F(DeletionsTest, NothingWhereItFits) {
    free_["a"] = 10;
    needed_["a"] = 10;
    const Deletions made = choose(3);
    EXPECT_TRUE(made.missing.empty());
    EXPECT_TRUE(made.enough.empty());
    EXPECT_EQ(asked_, 1);
}

TEST_F(DeletionsTest, TheFewestOfTheOldest) {
    free_["a"] = 10;
    needed_["a"] = 60;
    for (const std::uint64_t number : {1U, 2U, 3U, 4U}) files_["a"].push_back({30, {number}});
    const Deletions made = choose(4);
    ASSERT_EQ(made.missing.size(), 1U);
    EXPECT_EQ(made.missing[0].missing(), 50U);
    EXPECT_EQ(numbers(made.enough), (Numbers{1, 2}));
    ASSERT_EQ(made.oldest.size(), 2U);
    EXPECT_EQ(made.oldest[0].frees, Numbers{30});
    EXPECT_EQ(made.oldest[1].frees, Numbers{30});
    EXPECT_TRUE(made.still_missing.empty());
}

TEST_F(DeletionsTest, AKernelThatAnotherNeedsFreesNothing) {
    needed_["a"] = 20;
    free_["a"] = 0;
    files_["a"] = {{30, {1, 9}}, {30, {2, 3}}};  // 9 stays
    const Deletions made = choose(4);
    EXPECT_EQ(numbers(made.enough), (Numbers{2, 3})) << "1 frees nothing and may stay";
    ASSERT_EQ(made.oldest.size(), 3U);
    EXPECT_EQ(made.oldest[0].frees, Numbers{0});
    EXPECT_EQ(made.oldest[1].frees, Numbers{0});
    EXPECT_EQ(made.oldest[2].frees, Numbers{30}) << "the last that needs it";
}

TEST_F(DeletionsTest, OneThatALargerOneMakesNeedlessStays) {
    needed_["a"] = 60;
    free_["a"] = 0;
    files_["a"] = {{10, {1}}, {60, {2}}, {60, {3}}};
    EXPECT_EQ(numbers(choose(3).enough), Numbers{2});
}

TEST_F(DeletionsTest, EveryVolumeMustHaveRoom) {
    free_ = {{"a", 0}, {"b", 0}, {"c", 9}};
    needed_ = {{"a", 10}, {"b", 10}, {"c", 9}};
    files_["a"] = {{10, {1}}};
    files_["b"] = {{10, {3}}};
    const Deletions made = choose(3);
    EXPECT_EQ(made.missing.size(), 2U);
    EXPECT_EQ(numbers(made.enough), (Numbers{1, 3}));
    ASSERT_EQ(made.oldest.size(), 3U);
    EXPECT_EQ(made.oldest[0].frees, (Numbers{10, 0}));
    EXPECT_EQ(made.oldest[2].frees, (Numbers{0, 10}));
}

TEST_F(DeletionsTest, WhereAllAreTooFewNoneIsChosen) {
    free_["a"] = 0;
    needed_["a"] = 100;
    files_["a"] = {{30, {1}}, {30, {2}}};
    const Deletions made = choose(2);
    EXPECT_TRUE(made.enough.empty());
    EXPECT_EQ(made.oldest.size(), 2U);
    ASSERT_EQ(made.still_missing.size(), 1U);
    EXPECT_EQ(made.still_missing[0].missing(), 40U);

    const Deletions none = choose(0);
    EXPECT_TRUE(none.enough.empty());
    EXPECT_EQ(none.missing[0].missing(), 100U);
}

TEST_F(DeletionsTest, DeletingItselfMustFit) {
    free_["a"] = 5;
    needed_["a"] = 20;
    files_["a"] = {{30, {1}}};
    to_delete_ = 5;
    EXPECT_EQ(numbers(choose(1).enough), Numbers{1});
    to_delete_ = 6;
    const Deletions made = choose(1);
    EXPECT_TRUE(made.enough.empty());
    ASSERT_EQ(made.still_missing.size(), 1U);
    EXPECT_EQ(made.still_missing[0].missing(), 1U);
}

TEST_F(DeletionsTest, OfAThousandFewAreAskedFor) {
    free_["a"] = 0;
    needed_["a"] = 3;
    for (std::uint64_t number = 1; number <= 1000; ++number) files_["a"].push_back({1, {number}});
    EXPECT_EQ(numbers(choose(1000).enough), (Numbers{1, 2, 3}));
    EXPECT_LT(asked_, 20);
}

TEST_F(DeletionsTest, ManyAreLookedAtSeveralAtATime) {
    free_["a"] = 0;
    needed_["a"] = 300;
    for (std::uint64_t number = 1; number <= 1000; ++number) files_["a"].push_back({1, {number}});
    const Deletions made = choose(1000);
    EXPECT_EQ(made.enough.size(), 300U);
    ASSERT_EQ(made.oldest.size(), 20U);
    EXPECT_EQ(numbers(made.oldest[1].ids).front(), 16U);
    EXPECT_EQ(numbers(made.oldest[1].ids).back(), 30U);
    EXPECT_EQ(made.oldest[1].frees, Numbers{15});
    EXPECT_LT(asked_, 40);
}

}  // namespace
}  // namespace cordwainer::cli
