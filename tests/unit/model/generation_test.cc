#include "model/generation.h"

#include <gtest/gtest.h>

namespace cordwainer {
namespace {

TEST(BootSize, IsThatOfTheKernelAndAllInitrds) {
    BootParameters parameters;
    EXPECT_EQ(boot_size(parameters), 0U);
    parameters.kernel.size = 1ULL << 33U;
    parameters.initrds.resize(2);
    parameters.initrds[0].size = 10;
    parameters.initrds[1].size = 200;
    EXPECT_EQ(boot_size(parameters), (1ULL << 33U) + 210);
}

TEST(BootSize, LeavesOutModulesAndDeviceTree) {
    BootParameters parameters;
    parameters.kernel.size = 1;
    parameters.multiboot_modules.resize(1);
    parameters.multiboot_modules[0].file.size = 10;
    parameters.device_tree = BootFile{};
    parameters.device_tree->size = 100;
    EXPECT_EQ(boot_size(parameters), 1U);
}

}  // namespace
}  // namespace cordwainer
