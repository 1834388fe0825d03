#include "host/probe_devices.h"

#include <csignal>
#include <gtest/gtest.h>
#include <unistd.h>

#include "sys/interrupt.h"
#include "tests/support/system_tree.h"

namespace cordwainer {
namespace {

// In a child of its own, as handlers and the flag belong to the whole process.
TEST(SystemDevices, AreNotTakenForGoneWhereReadingWasStopped) {
    const test::SystemTree tree;
    tree.file("/sys/class/block/sda/dev", "8:0\n");
    tree.file("/sys/class/block/sda/size", "2048\n");
    EXPECT_EXIT(
        {
            const auto read = [&] {
                return SystemDevices::read(tree.outside("/sys"), tree.outside("/dev"));
            };
            stop_on_signals();
            const auto before = read();
            if (!before || !before->named("sda")) ::_exit(8);
            std::raise(SIGTERM);
            const auto after = read();
            ::_exit(!after && after.error().message() == "stopped by a signal" ? 7 : 9);
        },
        testing::ExitedWithCode(7),
        "");
}

}  // namespace
}  // namespace cordwainer
