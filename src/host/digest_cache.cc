#include "host/digest_cache.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <utility>

#include "host/kernel_file.h"
#include "host/state_files.h"
#include "sys/file_io.h"

namespace cordwainer {
namespace {

constexpr std::string_view kFormatLine = "cordwainer-digests/1\n";
constexpr std::size_t kChecksumLine = 65;  // 64 digits and a newline
// What was not used in a run is kept, since another profile may need it, until there is so much.
constexpr std::size_t kMostLines = 50'000;

std::string escaped(std::string_view path) {
    std::string text;
    for (const char c : path) {
        if (c == '\t') {
            text += "\\t";
        } else if (c == '\n') {
            text += "\\n";
        } else if (c == '\\') {
            text += "\\\\";
        } else {
            text += c;
        }
    }
    return text;
}

std::string_view path_of(std::string_view line) {
    return line.substr(0, line.find('\t'));
}

bool in_immutable_store(std::string_view path) {
    return path.starts_with("/gnu/store/") || path.starts_with("/nix/store/");
}

bool same_file(const std::string& path, const FileStatus& a, const FileStatus& b) {
    if (!in_immutable_store(path)) return a == b;
    return a.kind == b.kind && a.size == b.size && a.modified == b.modified;
}

// Whether a change from now on would change the times that same_file compares: file systems note
// them in steps of a clock tick, some of up to two seconds.
bool is_settled(const std::string& path, const FileStatus& status) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    const std::int64_t last =
        in_immutable_store(path) ? status.modified : std::max(status.modified, status.changed);
    const std::int64_t step = last % kSecond == 0 ? 2 * kSecond : kSecond / 10;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return last < std::chrono::nanoseconds(now).count() - step;
}

// Takes the part of `text` before the next blank, and the blank.
std::string_view take_field(std::string_view& text) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return field;
}

template <class T>
bool take_number(std::string_view& text, T& value) {
    const std::string_view field = take_field(text);
    const char* end = field.data() + field.size();
    const auto [stop, failed] = std::from_chars(field.data(), end, value);
    return failed == std::errc() && stop == end;
}

// Opens the file that had `status`, lets `use` read it, and makes sure that it was that file all
// the time.
template <class Use>
auto read_unchanged(const Root& root, const std::string& path, const FileStatus& status, Use use)
    -> decltype(use(std::declval<const Fd&>())) {
    const Fd fd = TRY(root.open_file(path));
    auto result = TRY(use(fd));
    const FileStatus after = TRY(status_of(fd, root.outside(path)));
    if (after != status) {
        return Error(Errc::refused, root.outside(path) + " changes while it is read");
    }
    return result;
}

}  // namespace

std::optional<DigestCache::Entry> DigestCache::parse_entry(std::string_view fields) {
    Entry entry;
    entry.status.kind = FileKind::regular;
    if (!take_number(fields, entry.status.size) || !take_number(fields, entry.status.modified) ||
        !take_number(fields, entry.status.changed) || !take_number(fields, entry.status.device) ||
        !take_number(fields, entry.status.inode)) {
        return std::nullopt;
    }
    const std::string_view digest = take_field(fields);
    if (digest != "-") {
        entry.digest = Digest::from_hex(digest);
        if (!entry.digest) return std::nullopt;
    }
    entry.version_known = fields != "?";
    if (fields.starts_with('=')) entry.version = fields.substr(1);
    return entry;
}

std::string DigestCache::render_entry(const Entry& entry) {
    std::string text = std::to_string(entry.status.size);
    text += ' ' + std::to_string(entry.status.modified);
    text += ' ' + std::to_string(entry.status.changed);
    text += ' ' + std::to_string(entry.status.device);
    text += ' ' + std::to_string(entry.status.inode);
    text += ' ' + (entry.digest ? entry.digest->hex() : "-");
    if (!entry.version_known) return text += " ?";
    return text += entry.version ? " =" + *entry.version : " -";
}

DigestCache DigestCache::from_text(std::string text) {
    DigestCache cache;
    const std::string_view all = text;
    if (!all.starts_with(kFormatLine) || !all.ends_with('\n')) return cache;
    const std::string_view checksum = all.substr(kFormatLine.size(), kChecksumLine);
    if (checksum.size() != kChecksumLine) return cache;
    const std::string_view body = all.substr(kFormatLine.size() + kChecksumLine);
    if (checksum != sha256(body).hex() + "\n") return cache;
    cache.loaded_text_ = std::move(text);
    std::string_view rest = std::string_view(cache.loaded_text_).substr(all.size() - body.size());
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        cache.lines_.push_back(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    cache.used_.resize(cache.lines_.size());
    return cache;
}

DigestCache DigestCache::load(const std::filesystem::path& file) {
    Result<std::string> text = read_text_file(file);
    return text ? from_text(*std::move(text)) : DigestCache();
}

std::string DigestCache::text() const {
    const bool keep_unused = lines_.size() + fresh_.size() <= kMostLines;
    std::string body;
    body.reserve(loaded_text_.size() + 200 * fresh_.size());
    auto fresh = fresh_.begin();
    const auto add_fresh = [&] {
        body += fresh->first + '\t' + render_entry(fresh->second) + '\n';
        ++fresh;
    };
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        const std::string_view path = path_of(lines_[i]);
        while (fresh != fresh_.end() && fresh->first < path) add_fresh();
        if (fresh != fresh_.end() && fresh->first == path) continue;  // replaces the line
        if (!used_[i] && !keep_unused) continue;
        body += lines_[i];
        body += '\n';
    }
    while (fresh != fresh_.end()) add_fresh();
    return std::string(kFormatLine) + sha256(body).hex() + "\n" + body;
}

Result<void> DigestCache::save(const std::filesystem::path& file) const {
    if (fresh_.empty()) return {};
    return write_state_file(file, text());
}

std::optional<DigestCache::Entry> DigestCache::find_loaded(const std::string& name) {
    const auto line = std::ranges::lower_bound(lines_, std::string_view(name), {}, path_of);
    if (line == lines_.end() || path_of(*line) != name) return std::nullopt;
    used_[static_cast<std::size_t>(line - lines_.begin())] = true;
    return parse_entry(line->substr(std::min(name.size() + 1, line->size())));
}

std::optional<DigestCache::Entry> DigestCache::find(const std::string& path,
                                                    const FileStatus& status) {
    const std::string name = escaped(path);
    const std::lock_guard lock(*mutex_);
    const auto fresh = fresh_.find(name);
    std::optional<Entry> entry = fresh != fresh_.end() ? fresh->second : find_loaded(name);
    if (entry && !same_file(path, entry->status, status)) return std::nullopt;
    return entry;
}

void DigestCache::remember(const std::string& path, Entry entry) {
    if (!is_settled(path, entry.status)) return;
    const std::lock_guard lock(*mutex_);
    const auto [place, added] = fresh_.try_emplace(escaped(path), entry);
    if (added) return;
    // Another thread may have found out the other half of it meanwhile.
    const Entry& known = place->second;
    if (same_file(path, known.status, entry.status)) {
        if (!entry.digest) entry.digest = known.digest;
        if (!entry.version_known) {
            entry.version_known = known.version_known;
            entry.version = known.version;
        }
    }
    place->second = std::move(entry);
}

Result<Digest> DigestCache::digest(const Root& root,
                                   const std::string& path,
                                   const FileStatus& status) {
    Entry entry = find(path, status).value_or(Entry{});
    if (entry.digest) return *entry.digest;
    const CopiedBytes read = TRY(read_unchanged(
        root, path, status, [&](const Fd& fd) { return digest_rest(fd, root.outside(path)); }));
    if (in_immutable_store(path)) {
        const std::lock_guard lock(*mutex_);
        // Not what this run has found out: that may be of the same, altered file.
        const std::optional<Entry> before = find_loaded(escaped(path));
        if (before && before->digest && before->digest != read.digest) altered_.insert(path);
    }
    entry.status = status;
    entry.digest = read.digest;
    remember(path, std::move(entry));
    return read.digest;
}

std::vector<std::string> DigestCache::altered() const {
    const std::lock_guard lock(*mutex_);
    return {altered_.begin(), altered_.end()};
}

Result<std::optional<std::string>> DigestCache::kernel_version(const Root& root,
                                                               const std::string& path,
                                                               const FileStatus& status) {
    Entry entry = find(path, status).value_or(Entry{});
    if (entry.version_known) return entry.version;
    std::optional<std::string> version = TRY(read_unchanged(root, path, status, [&](const Fd& fd) {
        return kernel_version_of(fd, root.outside(path));
    }));
    entry.status = status;
    entry.version_known = true;
    entry.version = version;
    remember(path, std::move(entry));
    return version;
}

}  // namespace cordwainer
