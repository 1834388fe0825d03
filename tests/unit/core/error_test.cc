#include "core/error.h"

#include <cerrno>
#include <gtest/gtest.h>
#include <memory>

namespace cordwainer {
namespace {

TEST(Error, TellsItsNotesFromTheOutsideInwards) {
    const Error error =
        Error(Errc::io, "LBA 2048").with_context("write core.img").with_context("install grub");
    EXPECT_EQ(error.message(), "install grub: write core.img: LBA 2048");
    EXPECT_EQ(error.code, Errc::io);
}

TEST(Error, KeepsWhatTheSystemSaid) {
    const Error error = system_error(ENOSPC, "write /x");
    EXPECT_EQ(error.message(), "write /x: No space left on device");
    EXPECT_EQ(error.sys_errno, ENOSPC);
    EXPECT_EQ(error.code, Errc::io);
}

Result<std::unique_ptr<int>> number(int value) {
    if (value < 0) return Error(Errc::invalid_input, "negative");
    return std::make_unique<int>(value);
}

Result<void> check(int value) {
    if (value > 100) return Error(Errc::refused, "large");
    return {};
}

Result<int> doubled(int value) {
    const std::unique_ptr<int> found = TRY(number(value));  // move-only
    TRY_VOID(check(*found));
    return *found * 2;
}

TEST(Result, IsAValueOrAnError) {
    EXPECT_EQ(*doubled(4), 8);
    EXPECT_EQ(doubled(-1).error().message(), "negative");
    EXPECT_EQ(doubled(-1).error().code, Errc::invalid_input);
    EXPECT_EQ(doubled(101).error().code, Errc::refused);
}

TEST(Result, GetsContextOnlyWhereItIsAnError) {
    EXPECT_EQ(doubled(-1).with_context("double").error().message(), "double: negative");
    EXPECT_EQ(*doubled(1).with_context("double"), 2);
}

}  // namespace
}  // namespace cordwainer
