// A file target on a modelled medium (model_file_system.h): every operation is the sequence of
// changes and flushes that the live target for that kind of file system makes
// (host/mounted_files.h, host/mounted_fat.h), and a power cut can hit it anywhere.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "apply/ports.h"
#include "tests/support/faults.h"
#include "tests/support/mem_contents.h"
#include "tests/support/model_file_system.h"

namespace cordwainer::test {

class MemFiles : public FileTarget {
  public:
    // What a cut leaves of unsettled work, where the test does not say which part of it.
    enum class AfterCut {
        kept,  // all of it had reached the medium
        lost,  // none of it had
        torn,  // names had, contents had not: nothing that was written before, or zeros
    };

    // What a target does wrong, to see that tests notice.
    enum class Flaw { none, renames_over, skips_settling };

    MemFiles(MemContents& contents,
             Faults& faults,
             std::shared_ptr<Medium> medium = std::make_shared<Medium>(),
             FileSystemKind kind = FileSystemKind::journalled,
             std::string own = "cordwainer")
        : contents_(contents),
          faults_(faults),
          files_(std::move(medium), kind),
          own_(std::move(own)) {}

    // ---- What tests look at and set

    void put(const std::string& path, std::string_view text) {
        files_.create(path, text);
        files_.write_all_entries();
        files_.flush();
        files_.free_held();
    }

    void erase(const std::string& path) { files_.unlink(path); }

    [[nodiscard]] std::optional<std::string> text(const std::string& path) const {
        return files_.read(files_.medium().cache(), path);
    }

    [[nodiscard]] std::map<std::string, std::string> all() const {
        std::map<std::string, std::string> texts;
        for (const std::string& path : files_.all(files_.medium().cache()))
            texts[path] = *text(path);
        return texts;
    }

    // The machine starts again after a cut; for a target that has a medium of its own.
    void power_up(AfterCut after) {
        Medium& medium = files_.medium();
        MediumState state = medium.start();
        std::vector<MediumEvent> pending;
        for (const MediumEvent& event : medium.log()) {
            if (event.kind == MediumEvent::Kind::write) {
                pending.push_back(event);
                continue;
            }
            for (const MediumEvent& each : pending) set_cell(state, each.key, each.value);
            pending.clear();
        }
        for (const MediumEvent& each : pending) {
            const bool kept = after == AfterCut::kept || (after == AfterCut::torn && !each.data);
            if (kept) set_cell(state, each.key, each.value);
        }
        medium.power_up(std::move(state));
        mount();
    }

    // The medium's cache was set by somebody else.
    void mount() {
        files_.mount();
        tidy_ = false;
        unsettled_.clear();
        warnings_.clear();
    }

    // The process ends: what it held open is let go.
    void process_ends() {
        files_.free_held();
        tidy_ = false;
        unsettled_.clear();
    }

    [[nodiscard]] ModelFileSystem& file_system() { return files_; }

    std::optional<FreeSpace> free;
    std::set<std::string> directories;            // where no file can be
    std::map<std::string, std::uint64_t> growth;  // growth_of()
    bool stamps = true;                           // whether look() gives them
    std::size_t replaced = 0;                     // exchanges
    int contents_read = 0;  // files that were read or digested, inventories excepted
    Flaw flaw = Flaw::none;

    // ---- FileTarget

    Result<std::optional<FileState>> look(const RelPath& path) override {
        if (faults_.cut) return power_cut();
        const auto found = find(path.text());
        if (!found) return std::nullopt;
        const std::string stamp =
            std::to_string(found->identity) + "." + std::to_string(found->changed);
        return FileState{.size = found->size, .stamp = stamps ? stamp : ""};
    }

    Result<std::optional<Bytes>> read(const RelPath& path) override {
        if (faults_.cut) return power_cut();
        const auto found = text(path.text());
        if (!found) return std::nullopt;
        if (path.text().find("inventory.") == std::string::npos) ++contents_read;
        return Bytes(as_bytes(*found).begin(), as_bytes(*found).end());
    }

    Result<std::optional<Digest>> digest(const RelPath& path) override {
        const std::optional<Bytes> bytes = TRY(read(path));
        if (!bytes) return std::nullopt;
        return sha256(*bytes);
    }

    Result<void> check_place(const RelPath& path) override {
        if (faults_.cut) return power_cut();
        if (!directories.contains(path.text())) return {};
        return Error(Errc::refused, path.text() + " is a directory");
    }

    Result<void> write(const RelPath& path, ByteView bytes) override {
        const bool cut = faults_.cuts_here();
        if (is_fat()) {
            remove_leftovers();
            TRY_VOID(make_way(path.text()));
        } else {
            remove_leftover();
        }
        // Torn: the first half is there.
        files_.create(path.text(), to_text(bytes.first(cut ? bytes.size() / 2 : bytes.size())));
        if (cut) return power_cut();
        if (is_fat()) {
            unsettled_.push_back(path.text());
            flush_fat();
        } else {
            files_.commit();
        }
        return {};
    }

    Result<void> stage(const RelPath& path,
                       const std::filesystem::path& from,
                       const Digest& digest) override {
        const bool cut = faults_.cuts_here();
        if (is_fat()) TRY_VOID(make_way(path.text()));
        const Bytes& bytes = contents_.at(from);
        files_.create(path.text(), to_text(ByteView(bytes).first(bytes.size() / (cut ? 2 : 1))));
        if (cut) return power_cut();
        if (sha256(bytes) != digest) {
            files_.unlink(path.text());
            return Error(Errc::corrupt, "wrong digest");
        }
        unsettled_.push_back(path.text());
        return {};
    }

    Result<void> replace(const RelPath& path,
                         const std::filesystem::path& from,
                         const Digest& digest) override {
        const Bytes& bytes = contents_.at(from);
        if (sha256(bytes) != digest) return Error(Errc::corrupt, "wrong digest");
        if (faults_.cuts_here()) return power_cut();
        ++replaced;
        if (flaw == Flaw::renames_over) {
            rename_over(path.text(), to_text(bytes));
        } else if (is_fat()) {
            TRY_VOID(replace_on_fat(path.text(), to_text(bytes)));
        } else {
            replace_with_journal(path.text(), to_text(bytes));
        }
        // The exchange is done, and the power goes before anybody is told.
        if (faults_.cuts_here()) return power_cut();
        return {};
    }

    Result<void> remove(const RelPath& path) override {
        if (faults_.cuts_here()) return power_cut();
        if (is_fat()) {
            (void)retire(path.text());
        } else {
            files_.unlink(path.text());
        }
        return {};
    }

    Result<void> settle() override {
        if (faults_.cuts_here()) return power_cut();
        settle_now();
        return {};
    }

    Result<std::optional<FreeSpace>> free_space() override { return free; }

    Result<std::uint64_t> growth_of(const std::string& directory) override {
        const auto found = growth.find(directory);
        return found == growth.end() ? std::uint64_t{0} : found->second;
    }

    std::vector<std::string> take_warnings() override {
        std::vector<std::string> taken(warnings_.begin(), warnings_.end());
        warnings_.clear();
        return taken;
    }

  private:
    using Found = ModelFileSystem::Found;
    static constexpr const char* kExchangeName = "CORDWAIN.X";
    static constexpr int kExchangeNames = 8;

    [[nodiscard]] bool is_fat() const { return files_.kind() == FileSystemKind::fat; }

    [[nodiscard]] std::optional<Found> find(const std::string& path) const {
        return files_.find(files_.medium().cache(), path);
    }

    void settle_now() {
        if (flaw == Flaw::skips_settling) {
            unsettled_.clear();
            return;
        }
        if (is_fat()) {
            flush_fat();
        } else {
            files_.flush();
            unsettled_.clear();
        }
    }

    void rename_over(const std::string& path, const std::string& bytes) {
        const std::string prepared = own_ + "/exchange";
        files_.create(prepared, bytes);
        settle_now();
        files_.rename(prepared, path);
        settle_now();
    }

    // ---- host/mounted_files.cc

    void remove_leftover() {
        if (!find(own_ + "/exchange")) return;
        settle_now();
        files_.unlink(own_ + "/exchange");
    }

    void replace_with_journal(const std::string& path, const std::string& bytes) {
        const std::string prepared = own_ + "/exchange";
        remove_leftover();
        files_.create(prepared, bytes);
        settle_now();
        const bool live = find(path).has_value();
        if (live) {
            files_.exchange(prepared, path);
        } else {
            files_.rename(prepared, path);
        }
        settle_now();
        if (!live) return;
        files_.unlink(prepared);
        settle_now();
    }

    // ---- host/mounted_fat.cc

    // Data and chains first, then the entries, then what was unlinked is free.
    void flush_fat() {
        files_.flush();
        for (const std::string& path : unsettled_) {
            files_.write_entry_of(path);
            files_.flush();
        }
        flush_all();
        if (files_.holds_some()) {
            files_.free_held();
            flush_all();
        }
        unsettled_.clear();
    }

    void flush_all() {
        files_.write_all_entries();
        files_.flush();
    }

    Result<void> replace_on_fat(const std::string& path, const std::string& bytes) {
        if (!find(path)) {
            TRY_VOID(make_way(path));
            files_.create(path, bytes);
            unsettled_.push_back(path);
            settle_now();
            return {};
        }
        remove_leftovers();
        std::vector<std::string> fillers;
        const auto prepared = find_place(path, fillers);
        if (!prepared) return Error(Errc::refused, "no place behind " + path);
        files_.create(*prepared, bytes);
        unsettled_.push_back(*prepared);
        settle_now();
        files_.exchange(*prepared, path);
        if (flaw != Flaw::skips_settling) {
            for (const std::string& each : {path, *prepared}) {
                files_.write_entry_of(each);
                files_.flush();
            }
            flush_all();
        }
        (void)retire(*prepared);
        for (const std::string& filler : fillers) (void)retire(filler);
        settle_now();
        return {};
    }

    [[nodiscard]] std::optional<std::string> shares_with(const std::string& path) {
        const auto found = find(path);
        if (!found || found->size == 0) return std::nullopt;
        for (const std::string& other : files_.all(files_.medium().cache())) {
            if (other == path) continue;
            const auto its = find(other);
            if (its && its->size != 0 && its->identity == found->identity) return other;
        }
        return std::nullopt;
    }

    bool retire(const std::string& path) {
        const auto other = shares_with(path);
        if (other) {
            warnings_.insert(path + " shares its clusters with " + *other);
            return false;
        }
        files_.unlink(path);
        return true;
    }

    Result<void> make_way(const std::string& path) {
        const auto other = shares_with(path);
        if (!other) return {};
        return Error(Errc::refused, path + " shares its clusters with " + *other);
    }

    void remove_leftovers() {
        if (std::exchange(tidy_, true)) return;
        bool flushed = false;
        for (const std::string& path : files_.all(files_.medium().cache())) {
            if (path.find(kExchangeName) == std::string::npos) continue;
            if (!std::exchange(flushed, true)) flush_all();
            (void)retire(path);
        }
    }

    std::optional<std::string> find_place(const std::string& live,
                                          std::vector<std::string>& fillers) {
        for (int number = 0; number < kExchangeNames; ++number) {
            std::string name =
                live.substr(0, live.rfind('/') + 1) + kExchangeName + "0" + std::to_string(number);
            if (find(name)) continue;
            files_.create(name, "");
            if (files_.is_behind(name, live)) return name;
            fillers.push_back(std::move(name));
        }
        return std::nullopt;
    }

    MemContents& contents_;
    Faults& faults_;
    mutable ModelFileSystem files_;
    std::string own_;
    bool tidy_ = false;
    std::vector<std::string> unsettled_;
    std::set<std::string> warnings_;
};

}  // namespace cordwainer::test
