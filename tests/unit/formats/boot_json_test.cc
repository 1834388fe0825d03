#include "formats/boot_json.h"

#include <gtest/gtest.h>
#include <string>

#include "core/utc_time.h"

namespace cordwainer {
namespace {

constexpr const char* kSmall =
    R"({"format": "cordwainer-boot-parameters/2", "label": "L", "kernel": "kernel",
 "command_line": "quiet", "created": "2026-11-22T10:00:00Z"})";

// kSmall with one more member.
std::string with(const std::string& member) {
    std::string text = kSmall;
    text.insert(1, member + ", ");
    return text;
}

std::string replaced(const std::string& what, const std::string& by) {
    std::string text = kSmall;
    text.replace(text.find(what), what.size(), by);
    return text;
}

Error refused(const std::string& text) {
    Result<NativeParameters> parameters = parse_boot_json("f", text);
    EXPECT_FALSE(parameters) << text;
    return parameters ? Error(Errc::io, "accepted") : std::move(parameters).error();
}

NativeParameters full() {
    NativeParameters parameters;
    parameters.label = "Linux \"6.1\" $x; caf\xc3\xa9";
    parameters.kernel = "kernel-1";
    parameters.initrds = {"initrd-1", "/boot/ucode.img"};
    parameters.command_line = "root=LABEL=root a=\"b c\"";
    parameters.multiboot_modules = {{"module-1", "a b", ""}, {"/boot/module-2"}};
    parameters.device_tree = "device-tree-1";
    parameters.created = *parse_utc("2026-11-22T10:00:00Z");
    parameters.store.device = FileSystemLabel{"root"};
    parameters.store.mount_point = "/var";
    parameters.store.directory_prefix = "/@var";
    parameters.store.crypto_devices = {*Uuid::parse("9b2f6c10-44d7-4e8a-b1f3-5c0de7a98821")};
    return parameters;
}

TEST(BootJson, ReadsBackWhatItRenders) {
    NativeParameters parameters = full();
    for (const DeviceRef& device : {DeviceRef{},
                                    DeviceRef{FileSystemLabel{"x"}},
                                    DeviceRef{NfsExport{"h:/p"}},
                                    DeviceRef{*Uuid::parse("1C31-A17C")}}) {
        parameters.store.device = device;
        const auto text = render_boot_json(parameters);
        ASSERT_TRUE(text);
        const auto again = parse_boot_json("f", *text);
        ASSERT_TRUE(again) << again.error().message();
        EXPECT_EQ(*again, parameters);
    }
}

TEST(BootJson, RendersItsKeysInOrder) {
    EXPECT_EQ(*render_boot_json(full()), R"({
  "format": "cordwainer-boot-parameters/2",
  "label": "Linux \"6.1\" $x; café",
  "kernel": "kernel-1",
  "initrds": [
    "initrd-1",
    "/boot/ucode.img"
  ],
  "command_line": "root=LABEL=root a=\"b c\"",
  "multiboot_modules": [
    [
      "module-1",
      "a b",
      ""
    ],
    [
      "/boot/module-2"
    ]
  ],
  "device_tree": "device-tree-1",
  "created": "2026-11-22T10:00:00Z",
  "store": {
    "device": {
      "label": "root"
    },
    "mount_point": "/var",
    "directory_prefix": "/@var",
    "crypto_devices": [
      "9b2f6c10-44d7-4e8a-b1f3-5c0de7a98821"
    ]
  }
}
)");
}

TEST(BootJson, CannotKeepIllFormedUtf8) {
    NativeParameters parameters = full();
    parameters.command_line = "\xff";
    const auto text = render_boot_json(parameters);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, Errc::invalid_input);
}

TEST(BootJson, HasDefaultsForWhatIsMissingOrNull) {
    for (const std::string& text :
         {std::string(kSmall),
          with(R"("device_tree": null, "store": null)"),
          with(R"("store": {"device": null, "directory_prefix": null}, "initrds": [])")}) {
        const auto parameters = parse_boot_json("f", text);
        ASSERT_TRUE(parameters) << parameters.error().message();
        NativeParameters wanted;
        wanted.label = "L";
        wanted.kernel = "kernel";
        wanted.command_line = "quiet";
        wanted.created = *parse_utc("2026-11-22T10:00:00Z");
        EXPECT_EQ(*parameters, wanted);
    }
}

TEST(BootJson, OfAnotherFormatIsRefusedByItsName) {
    const Error error = refused(R"({"format": "cordwainer-boot-parameters/3", "other": 1})");
    EXPECT_EQ(error.code, Errc::unsupported);
    EXPECT_NE(error.message().find("cordwainer-boot-parameters/3"), std::string::npos);
    EXPECT_TRUE(error.message().starts_with("f:"));
}

TEST(BootJson, RefusesWhatIsNotAsDescribedAndSaysWhere) {
    EXPECT_EQ(refused(with(R"("lable": "x")")).message(), "f: /lable: unknown key");
    EXPECT_EQ(refused(with(R"("initrds": "x")")).message(), "f: /initrds: must be an array");
    EXPECT_EQ(refused(with(R"("initrds": ["x", 7])")).message(), "f: /initrds/1: must be a string");
    EXPECT_EQ(refused(with(R"("store": {"crypto_devices": ["x"]})")).message(),
              "f: /store/crypto_devices/0: must be a UUID");
    for (const std::string& text : {
             std::string(),
             std::string("[]"),
             std::string("{}"),
             std::string("7"),
             std::string(kSmall) + "x",
             std::string(kSmall).substr(0, 100),
             with(R"("label": "twice")"),
             replaced("\"L\"", "7"),
             replaced("\"L\"", "null"),
             replaced("\"L\"", "\"\\u0000\""),
             replaced("\"L\"", "\"\xff\""),
             replaced(R"("label": "L", )", ""),
             replaced(R"("kernel": "kernel",)", ""),
             replaced("\"kernel\",", "\"../kernel\","),
             replaced("\"kernel\",", "\"/../kernel\","),
             replaced("\"kernel\",", "\"\","),
             replaced("\"quiet\"", "[\"quiet\"]"),
             replaced("2026-11-22", "2026-02-30"),
             with(R"("store": {"device": {}})"),
             with(R"("store": {"device": "x"})"),
             with(R"("store": {"device": {"uuid": "x"}})"),
             with(R"("store": {"device": {"label": "x", "nfs": "y"}})"),
             with(R"("store": {"device": {"path": "/dev/sda"}})"),
             with(R"("store": {"mount_point": "var"})"),
             with(R"("store": {"directory_prefix": "@"})"),
             with(R"("multiboot_modules": [[]])"),
             with(R"("multiboot_modules": ["x"])"),
             with(R"("multiboot_modules": [["../x"]])"),
         }) {
        const Error error = refused(text);
        EXPECT_EQ(error.code, Errc::invalid_input) << text;
        EXPECT_TRUE(error.message().starts_with("f:")) << error.message();
    }
}

TEST(NativeCommandLine, NamesTheGenerationOnce) {
    EXPECT_EQ(native_command_line("", 7), "cordwainer.generation=7");
    EXPECT_EQ(native_command_line("quiet", 7), "quiet cordwainer.generation=7");
    for (const char* stored : {"cordwainer.generation=7",
                               "a cordwainer.generation=7",
                               "cordwainer.generation=7 a",
                               "a  cordwainer.generation=7\tb"}) {
        EXPECT_EQ(native_command_line(stored, 7), stored);
    }
}

TEST(NativeCommandLine, TakesOnlyAWholeArgumentForIt) {
    for (const char* stored : {"cordwainer.generation=70",
                               "cordwainer.generation=",
                               "cordwainer.generation=6",
                               "x.cordwainer.generation=7",
                               "a=\"b cordwainer.generation=7 c\"",
                               "cordwainer.generation=7,x"}) {
        EXPECT_EQ(native_command_line(stored, 7), std::string(stored) + " cordwainer.generation=7");
    }
}

}  // namespace
}  // namespace cordwainer
