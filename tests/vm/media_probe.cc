// Changes a file target on a mounted file system as applying a plan does, one operation after the
// other, for media_test.py and power_cut_test.py:
//
//     media_probe DIRECTORY OPERATION...
//
// stage=PATH=SOURCE   replace=PATH=SOURCE   remove=PATH   write=PATH=SOURCE   settle   look=PATH
//
// The target's own directory is DIRECTORY/cordwainer. Instead of a directory, a disk:
//
//     media_probe --disk NODE OFFSET SOURCE    writes the file's bytes, and 512 "b" to LBA 0
#include <cstdio>
#include <string>
#include <vector>

#include "host/block_device.h"
#include "host/live_files.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    std::size_t start = 0;
    for (std::size_t end = text.find('='); end != std::string::npos; end = text.find('=', start)) {
        parts.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    parts.push_back(text.substr(start));
    return parts;
}

Result<void> print_look(FileTarget& target, const RelPath& path) {
    const std::optional<FileState> state = TRY(target.look(path));
    if (state) {
        std::printf("PROBE %s %llu %s\n",
                    path.text().c_str(),
                    static_cast<unsigned long long>(state->size),
                    state->stamp.c_str());
    } else {
        std::printf("PROBE %s none\n", path.text().c_str());
    }
    return {};
}

Result<void> run(FileTarget& target, const std::string& operation) {
    const std::vector<std::string> words = split(operation);
    if (words[0] == "settle") return target.settle();
    const RelPath path = TRY(RelPath::parse(words.at(1)));
    if (words[0] == "remove") return target.remove(path);
    if (words[0] == "look") return print_look(target, path);
    const Bytes bytes = TRY(read_file(words.at(2)));
    if (words[0] == "write") return target.write(path, bytes);
    if (words[0] == "stage") return target.stage(path, words[2], sha256(bytes));
    if (words[0] == "replace") return target.replace(path, words[2], sha256(bytes));
    return Error(Errc::invalid_input, "no operation " + words[0]);
}

Result<void> change_files(const std::vector<std::string>& arguments) {
    const RelPath own = TRY(RelPath::parse("cordwainer"));
    const auto target = TRY(open_live_files("/", arguments.at(0), own));
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        TRY_VOID(run(*target, arguments[i]).with_context(arguments[i]));
        std::printf("PROBE did %s\n", arguments[i].c_str());
    }
    for (const std::string& warning : target->take_warnings())
        std::printf("PROBE warning %s\n", warning.c_str());
    return {};
}

Result<void> change_disk(const std::vector<std::string>& arguments) {
    const auto disk = TRY(BlockDevice::open(arguments.at(1)));
    const Bytes bytes = TRY(read_file(arguments.at(3)));
    TRY_VOID(disk->write(std::stoull(arguments.at(2)), bytes));
    Bytes sector(512, std::byte{'b'});
    TRY_VOID(disk->write_boot_sector(sector));
    std::printf("PROBE sectors of %u bytes\n", disk->sector_size());
    return {};
}

}  // namespace
}  // namespace cordwainer

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const auto done = arguments.at(0) == "--disk" ? cordwainer::change_disk(arguments)
                                                  : cordwainer::change_files(arguments);
    if (done) return 0;
    std::printf("PROBE failed: %s\n", done.error().message().c_str());
    return 1;
}
