// A file target in memory that a power cut can hit. What was staged or removed since the last
// settle() is not on the medium yet: after a cut it is as `after_cut` says.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "apply/ports.h"
#include "tests/support/faults.h"
#include "tests/support/mem_contents.h"

namespace cordwainer::test {

class MemFiles : public FileTarget {
  public:
    // What a cut leaves of unsettled work.
    enum class AfterCut {
        kept,  // all of it had reached the medium
        lost,  // none of it had
        torn,  // names had, contents had not: zeros of the right size; removals had not
    };

    MemFiles(MemContents& contents, Faults& faults) : contents_(contents), faults_(faults) {}

    // ---- What tests look at and set

    void put(const std::string& path, std::string_view text) {
        files_[path] = {Bytes(as_bytes(text).begin(), as_bytes(text).end()), ++clock_};
    }

    void erase(const std::string& path) { files_.erase(path); }

    [[nodiscard]] std::optional<std::string> text(const std::string& path) const {
        const auto found = files_.find(path);
        if (found == files_.end()) return std::nullopt;
        return to_text(found->second.bytes);
    }

    [[nodiscard]] std::map<std::string, std::string> all() const {
        std::map<std::string, std::string> texts;
        for (const auto& [path, file] : files_) texts[path] = to_text(file.bytes);
        return texts;
    }

    // The machine starts again after a cut.
    void power_up(AfterCut after) {
        if (after == AfterCut::lost || after == AfterCut::torn) {
            for (const auto& [path, old] : unsettled_) {
                const auto now = files_.find(path);
                if (now != files_.end() && after == AfterCut::torn) {
                    now->second.bytes.assign(now->second.bytes.size(), std::byte{0});
                } else if (old) {
                    files_[path] = *old;
                } else {
                    files_.erase(path);
                }
            }
        }
        unsettled_.clear();
    }

    std::optional<FreeSpace> free;
    bool stamps = true;        // whether look() gives them
    std::size_t replaced = 0;  // exchanges
    int contents_read = 0;     // files that were read or digested, inventories excepted

    // ---- FileTarget

    Result<std::optional<FileState>> look(const RelPath& path) override {
        if (faults_.cut) return power_cut();
        const auto found = files_.find(path.text());
        if (found == files_.end()) return std::nullopt;
        return FileState{.size = found->second.bytes.size(),
                         .stamp = stamps ? std::to_string(found->second.changed) : ""};
    }

    Result<std::optional<Bytes>> read(const RelPath& path) override {
        if (faults_.cut) return power_cut();
        const auto found = files_.find(path.text());
        if (found == files_.end()) return std::nullopt;
        if (path.text().find("inventory.") == std::string::npos) ++contents_read;
        return found->second.bytes;
    }

    Result<std::optional<Digest>> digest(const RelPath& path) override {
        const std::optional<Bytes> bytes = TRY(read(path));
        if (!bytes) return std::nullopt;
        return sha256(*bytes);
    }

    Result<void> write(const RelPath& path, ByteView bytes) override {
        File& file = files_[path.text()];
        file.changed = ++clock_;
        if (faults_.cuts_here()) {
            // Torn: the first half is there.
            file.bytes.assign(bytes.begin(), bytes.begin() + std::ssize(bytes) / 2);
            return power_cut();
        }
        file.bytes.assign(bytes.begin(), bytes.end());
        return {};
    }

    Result<void> stage(const RelPath& path,
                       const std::filesystem::path& from,
                       const Digest& digest) override {
        const bool cut = faults_.cuts_here();
        remember(path.text());
        Bytes bytes = contents_.at(from);
        if (cut) bytes.resize(bytes.size() / 2);
        files_[path.text()] = {std::move(bytes), ++clock_};
        if (cut) return power_cut();
        return check(path, digest);
    }

    Result<void> replace(const RelPath& path,
                         const std::filesystem::path& from,
                         const Digest& digest) override {
        if (sha256(contents_.at(from)) != digest) return Error(Errc::corrupt, "wrong digest");
        if (faults_.cuts_here()) return power_cut();
        ++replaced;
        files_[path.text()] = {contents_.at(from), ++clock_};
        // The exchange is done, and the power goes before anybody is told.
        if (faults_.cuts_here()) return power_cut();
        return {};
    }

    Result<void> remove(const RelPath& path) override {
        if (faults_.cuts_here()) return power_cut();
        remember(path.text());
        files_.erase(path.text());
        return {};
    }

    Result<void> settle() override {
        if (faults_.cuts_here()) return power_cut();
        unsettled_.clear();
        return {};
    }

    Result<std::optional<FreeSpace>> free_space() override { return free; }

  private:
    struct File {
        Bytes bytes;
        int changed = 0;
    };

    void remember(const std::string& path) {
        const auto found = files_.find(path);
        unsettled_.try_emplace(path,
                               found == files_.end() ? std::nullopt : std::optional(found->second));
    }

    Result<void> check(const RelPath& path, const Digest& digest) {
        if (sha256(files_[path.text()].bytes) == digest) return {};
        files_.erase(path.text());
        return Error(Errc::corrupt, "wrong digest");
    }

    MemContents& contents_;
    Faults& faults_;
    std::map<std::string, File> files_;
    std::map<std::string, std::optional<File>> unsettled_;  // what was there before
    int clock_ = 0;
};

}  // namespace cordwainer::test
