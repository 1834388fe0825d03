#include "host/add_generation.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <limits>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "formats/boot_json.h"
#include "host/generation_names.h"
#include "host/kernel_file.h"
#include "host/native_generations.h"
#include "sys/descriptor.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

constexpr const char* kNewPrefix = ".new-";
constexpr const char* kNewCurrent = ".current";

// Holds flock(2) on a directory, which the kernel releases with the process.
class Lock {
  public:
    // Waits for the lock.
    static Result<Lock> wait(const Root& root, const std::string& directory) {
        Lock lock(TRY(root.open_file(directory, O_RDONLY | O_DIRECTORY)));
        while (::flock(lock.directory_.get(), LOCK_EX) != 0) {
            if (errno != EINTR) return file_error(errno, "lock " + root.outside(directory));
        }
        return lock;
    }

    // The lock, if nobody has it; else it owns no descriptor.
    static Lock attempt(const Root& root, const std::string& directory) {
        Result<Fd> fd = root.open_file(directory, O_RDONLY | O_DIRECTORY);
        if (!fd || ::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) return Lock(Fd());
        return Lock(*std::move(fd));
    }

    [[nodiscard]] const Fd& directory() const { return directory_; }

  private:
    explicit Lock(Fd directory) : directory_(std::move(directory)) {}

    Fd directory_;
};

// Removes `name` in the open directory `parent` (`place`, inside the root) with the files in it.
void remove_directory(const Root& root,
                      const std::string& place,
                      const Fd& parent,
                      const std::string& name) {
    const auto fd = root.open_file(place + "/" + name, O_RDONLY | O_DIRECTORY);
    const auto entries = root.list(place + "/" + name);
    if (fd && entries) {
        for (const DirectoryEntry& entry : *entries) ::unlinkat(fd->get(), entry.name.c_str(), 0);
    }
    ::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR);
}

// A new directory among the generations, which is removed again unless it gets its number.
class NewDirectory {
  public:
    // `place`: the generations' directory, inside the root.
    static Result<NewDirectory> make(const Root& root, const std::string& place) {
        // While we have the lock, no other process can take our directory for a leftover.
        const Lock lock = TRY(Lock::wait(root, place));
        TRY_VOID(remove_leftovers(root, place, lock.directory()));
        for (int i = 0;; ++i) {
            std::string name = kNewPrefix + std::to_string(::getpid()) + "-" + std::to_string(i);
            if (::mkdirat(lock.directory().get(), name.c_str(), 0755) == 0) {
                Lock own = TRY(Lock::wait(root, place + "/" + name));
                return NewDirectory(root, place, std::move(name), std::move(own));
            }
            if (errno == EEXIST) continue;
            return file_error(errno, "make a directory in " + root.outside(place));
        }
    }

    ~NewDirectory() {
        if (name_.empty()) return;
        const auto parent = root_->open_file(place_, O_RDONLY | O_DIRECTORY);
        if (parent) remove_directory(*root_, place_, *parent, name_);
    }

    NewDirectory(const NewDirectory&) = delete;
    NewDirectory& operator=(const NewDirectory&) = delete;

    NewDirectory(NewDirectory&& other) noexcept
        : root_(other.root_),
          place_(std::move(other.place_)),
          name_(std::exchange(other.name_, {})),
          lock_(std::move(other.lock_)) {}

    NewDirectory& operator=(NewDirectory&&) = delete;

    [[nodiscard]] const Fd& fd() const { return lock_.directory(); }

    [[nodiscard]] const std::string& name() const { return name_; }

    // It has got its number, and stays.
    void keep() { name_.clear(); }

  private:
    NewDirectory(const Root& root, std::string place, std::string name, Lock lock)
        : root_(&root), place_(std::move(place)), name_(std::move(name)), lock_(std::move(lock)) {}

    // What killed processes have left: a living one has its directory locked.
    static Result<void> remove_leftovers(const Root& root,
                                         const std::string& place,
                                         const Fd& parent) {
        const std::vector<DirectoryEntry> entries = TRY(root.list(place));
        for (const DirectoryEntry& entry : entries) {
            if (entry.kind != FileKind::directory || !entry.name.starts_with(kNewPrefix)) continue;
            const Lock lock = Lock::attempt(root, place + "/" + entry.name);
            if (lock.directory()) remove_directory(root, place, parent, entry.name);
        }
        return {};
    }

    const Root* root_;
    std::string place_;
    std::string name_;
    Lock lock_;
};

// A file to copy: open from the beginning on, so that all are known to be readable before anything
// is written.
struct Input {
    Fd fd;
    std::string path;
    mode_t mode = 0;
};

Result<Input> open_input(const std::filesystem::path& path) {
    Input input;
    input.path = path.string();
    // O_NONBLOCK: a FIFO must not stop us; it means nothing to a regular file.
    input.fd = TRY(open_file(path, O_RDONLY | O_NONBLOCK));
    struct stat status{};
    if (::fstat(input.fd.get(), &status) != 0) return file_error(errno, "look at " + input.path);
    if (!S_ISREG(status.st_mode)) {
        return Error(Errc::invalid_input, input.path + " is not a regular file");
    }
    input.mode = status.st_mode & 0777U;
    return input;
}

struct Inputs {
    Input kernel;
    std::vector<Input> initrds;
    std::vector<Input> modules;
    std::optional<Input> device_tree;
};

Result<Inputs> open_inputs(const NewGeneration& added) {
    Inputs inputs;
    inputs.kernel = TRY(open_input(added.kernel));
    for (const std::filesystem::path& path : added.initrds) {
        Input initrd = TRY(open_input(path));
        inputs.initrds.push_back(std::move(initrd));
    }
    for (const NewGeneration::Module& module : added.modules) {
        Input input = TRY(open_input(module.file));
        inputs.modules.push_back(std::move(input));
    }
    if (added.device_tree) inputs.device_tree = TRY(open_input(*added.device_tree));
    return inputs;
}

// Copies `input` into `directory`, durably, and returns its name there: `role` and the beginning of
// its digest, so that boot.json, whose digest identifies the generation, depends on the content.
Result<std::string> copy_in(const Input& input, const char* role, const Fd& directory) {
    constexpr std::size_t kDigits = 16;
    const std::string part = std::string(role) + ".part";
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    Fd copy(::openat(directory.get(), part.c_str(), flags, 0600));
    if (!copy) return file_error(errno, "make a copy of " + input.path);
    const std::string copy_name = "the copy of " + input.path;
    const CopiedBytes copied = TRY(copy_with_digest(input.fd, input.path, copy, copy_name));
    if (::fchmod(copy.get(), input.mode) != 0 || ::fsync(copy.get()) != 0) {
        return file_error(errno, "write " + copy_name);
    }
    TRY_VOID(copy.close(copy_name));
    std::string name = std::string(role) + "-" + copied.digest.hex().substr(0, kDigits);
    if (::renameat(directory.get(), part.c_str(), directory.get(), name.c_str()) != 0) {
        return file_error(errno, "rename " + copy_name);
    }
    return name;
}

// `name`: of the kernel's copy in `directory`. The original may have changed since.
Result<std::string> default_label(const NewGeneration& added,
                                  const Fd& directory,
                                  const std::string& name) {
    const Fd kernel(::openat(directory.get(), name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!kernel) return file_error(errno, "open the copy of " + added.kernel.string());
    const auto version = TRY(kernel_version_of(kernel, added.kernel.string()));
    return version ? "Linux " + *version : added.kernel.filename().string();
}

// Copies everything and returns the boot parameters.
Result<NativeParameters> copy_all(const NewGeneration& added,
                                  const Inputs& inputs,
                                  const Fd& directory) {
    NativeParameters parameters;
    parameters.kernel = TRY(copy_in(inputs.kernel, "kernel", directory));
    if (added.label) {
        parameters.label = *added.label;
    } else {
        parameters.label = TRY(default_label(added, directory, parameters.kernel));
    }
    for (const Input& initrd : inputs.initrds) {
        std::string name = TRY(copy_in(initrd, "initrd", directory));
        parameters.initrds.push_back(std::move(name));
    }
    parameters.command_line = added.command_line;
    for (std::size_t i = 0; i < inputs.modules.size(); ++i) {
        std::vector<std::string> module = added.modules[i].arguments;
        std::string name = TRY(copy_in(inputs.modules[i], "module", directory));
        module.insert(module.begin(), std::move(name));
        parameters.multiboot_modules.push_back(std::move(module));
    }
    if (inputs.device_tree) {
        parameters.device_tree = TRY(copy_in(*inputs.device_tree, "device-tree", directory));
    }
    parameters.created = added.created;
    parameters.store = added.store;
    return parameters;
}

Result<void> write_boot_json(const NativeParameters& parameters, const Fd& directory) {
    const std::string text = TRY(render_boot_json(parameters));
    // What cannot be read again must not become a generation.
    const NativeParameters again = TRY(parse_boot_json(kBootJsonName, text));
    if (again != parameters) {
        return Error(Errc::invalid_input, "boot.json cannot keep these boot parameters");
    }
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    Fd file(::openat(directory.get(), kBootJsonName, flags, 0644));
    if (!file) return file_error(errno, std::string("make ") + kBootJsonName);
    TRY_VOID(write_all(file, as_bytes(text), kBootJsonName));
    if (::fsync(file.get()) != 0 || ::fsync(directory.get()) != 0) {
        return file_error(errno, std::string("write ") + kBootJsonName);
    }
    return file.close(kBootJsonName);
}

// The highest number that an entry has, whatever else is wrong with it.
std::uint64_t highest_number(const std::vector<DirectoryEntry>& entries) {
    std::uint64_t highest = 0;
    for (const DirectoryEntry& entry : entries) {
        std::string_view digits = entry.name;
        if (digits.find_first_not_of("0123456789") != std::string_view::npos) continue;
        digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
        highest = std::max(highest, generation_number(digits).value_or(0));
    }
    return highest;
}

// The generation that `current` is to name once `number` exists; nothing where it stays as it is.
std::optional<std::uint64_t> next_current(const std::vector<DirectoryEntry>& entries,
                                          std::uint64_t number,
                                          bool make_current) {
    if (make_current) return number;
    if (std::ranges::count(entries, kCurrentName, &DirectoryEntry::name) > 0) return std::nullopt;
    // Without the link the highest number is the current one; that must not become the new one.
    if (number > 1) return number - 1;
    return std::nullopt;
}

// Gives the directory its number and moves `current`, both under the lock.
Result<std::uint64_t> publish(const Root& root,
                              const std::string& place,
                              NewDirectory& directory,
                              bool make_current) {
    const Lock lock = TRY(Lock::wait(root, place));
    const int parent = lock.directory().get();
    const std::vector<DirectoryEntry> entries = TRY(root.list(place));
    const std::uint64_t highest = highest_number(entries);
    if (highest == std::numeric_limits<std::uint64_t>::max()) {
        return Error(Errc::refused, "there is no higher number than that of the last generation");
    }
    const std::uint64_t number = highest + 1;
    const std::string name = std::to_string(number);
    const auto current = next_current(entries, number, make_current);
    ::unlinkat(parent, kNewCurrent, 0);
    if (current && ::symlinkat(std::to_string(*current).c_str(), parent, kNewCurrent) != 0) {
        return file_error(errno, "make a link in " + root.outside(place));
    }
    if (::renameat(parent, directory.name().c_str(), parent, name.c_str()) != 0) {
        const int failed = errno;
        ::unlinkat(parent, kNewCurrent, 0);
        return file_error(failed, "make " + root.outside(place) + "/" + name);
    }
    if (current && ::renameat(parent, kNewCurrent, parent, kCurrentName) != 0) {
        const int failed = errno;
        (void)::renameat(parent, name.c_str(), parent, directory.name().c_str());
        ::unlinkat(parent, kNewCurrent, 0);
        return file_error(failed, "move the link " + root.outside(place) + "/" + kCurrentName);
    }
    directory.keep();
    if (::fsync(parent) != 0) return file_error(errno, "flush " + root.outside(place));
    return number;
}

}  // namespace

Result<AddedGeneration> add_generation(const Root& root,
                                       const std::string& state,
                                       const NewGeneration& added) {
    const Inputs inputs = TRY(open_inputs(added));
    const std::string place = state + "/" + kGenerationsDirectory;
    TRY_VOID(root.make_directories(place));
    NewDirectory directory = TRY(NewDirectory::make(root, place));
    const NativeParameters parameters = TRY(copy_all(added, inputs, directory.fd()));
    TRY_VOID(write_boot_json(parameters, directory.fd()));
    const std::uint64_t number = TRY(publish(root, place, directory, added.make_current));
    return AddedGeneration{number, place + "/" + std::to_string(number)};
}

}  // namespace cordwainer
