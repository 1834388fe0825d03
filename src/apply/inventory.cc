#include "apply/inventory.h"

#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "model/json_reader.h"
#include "model/json_writer.h"

namespace cordwainer {
namespace {

constexpr std::string_view kInventoryFormat = "cordwainer-inventory/1";

Error damaged(const std::string& source_name, const std::string& how) {
    return {Errc::corrupt, source_name + ": " + how};
}

std::string render_body(const Inventory& inventory) {
    JsonWriter json;
    json.begin_object();
    json.key("files");
    json.begin_array();
    for (const auto& [path, file] : inventory.files) {
        json.begin_object(JsonWriter::Layout::one_line);
        json.member("path", path.text());
        json.member("digest", file.digest.hex());
        json.member("size", file.size);
        if (!file.stamp.empty()) json.member("stamp", file.stamp);
        if (file.pending) {
            json.key("pending");
            json.boolean(true);
        }
        if (file.former) json.member("former", file.former->hex());
        if (file.provided) {
            json.key("provided");
            json.boolean(true);
        }
        json.end_object();
    }
    json.end_array();
    json.key("references");
    json.begin_array();
    for (const Reference& reference : inventory.references) {
        json.begin_object(JsonWriter::Layout::one_line);
        json.member("path", reference.path);
        json.member("digest", reference.digest.hex());
        json.member("size", reference.size);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return std::move(json).finish();
}

Result<void> parse_file(const JsonPlace& place, Inventory& inventory) {
    TRY_VOID(place.only({"path", "digest", "size", "stamp", "pending", "former", "provided"}));
    RelPath path = TRY(place.rel_path("path"));
    OwnedFile file;
    file.digest = TRY(place.digest("digest"));
    file.size = TRY(place.number("size"));
    const auto stamp = TRY(place.find("stamp"));
    if (stamp) file.stamp = TRY(stamp->string());
    const auto pending = TRY(place.find("pending"));
    if (pending) file.pending = TRY(pending->boolean());
    const auto former = TRY(place.find("former"));
    if (former) file.former = TRY(former->digest());
    const auto provided = TRY(place.find("provided"));
    if (provided) file.provided = TRY(provided->boolean());
    if (!inventory.files.emplace(std::move(path), std::move(file)).second)
        return place.error("this path stands twice");
    return {};
}

Result<Inventory> parse_body(std::string_view body, const std::string& source_name) {
    const nlohmann::json json = TRY(parse_json(body, source_name));
    const JsonPlace root(json, source_name);
    TRY_VOID(root.only({"files", "references"}));
    Inventory inventory;
    const JsonPlace files = TRY(root.at("files"));
    const auto elements = TRY(files.elements());
    for (const JsonPlace& element : elements) TRY_VOID(parse_file(element, inventory));
    const JsonPlace references = TRY(root.at("references"));
    const auto named = TRY(references.elements());
    for (const JsonPlace& place : named) {
        TRY_VOID(place.only({"path", "digest", "size"}));
        Reference reference;
        reference.path = TRY(place.string("path"));
        reference.digest = TRY(place.digest("digest"));
        reference.size = TRY(place.number("size"));
        inventory.references.push_back(std::move(reference));
    }
    return inventory;
}

// The words of the first line, which must end with a newline; nothing where there are not three.
std::optional<std::array<std::string_view, 3>> header_of(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = bytes.substr(0, end);
    const std::size_t first = line.find(' ');
    const std::size_t second = line.find(' ', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
    return std::array{
        line.substr(0, first), line.substr(first + 1, second - first - 1), line.substr(second + 1)};
}

// The counter in it; nothing where that is no number.
std::optional<std::uint64_t> counter_of(const std::array<std::string_view, 3>& header) {
    const std::string_view number = header[1];
    const char* end = number.data() + number.size();
    std::uint64_t counter = 0;
    const auto [stop, error] = std::from_chars(number.data(), end, counter);
    if (error != std::errc() || stop != end) return std::nullopt;
    return counter;
}

}  // namespace

Result<RelPath> inventory_path(const RelPath& own, std::uint64_t counter) {
    return RelPath::parse(own.text() + "/inventory." + std::to_string(counter % 2));
}

std::string render_inventory(const Inventory& inventory) {
    const std::string body = render_body(inventory);
    return std::string(kInventoryFormat) + " " + std::to_string(inventory.counter) + " " +
           sha256(body).hex() + "\n" + body;
}

Result<Inventory> parse_inventory(std::string_view bytes, const std::string& source_name) {
    const auto header = header_of(bytes);
    if (!header) return damaged(source_name, "no inventory");
    const auto& [format, number, digest] = *header;
    if (format != kInventoryFormat)
        return damaged(source_name, "no inventory that this program knows");
    const auto counter = counter_of(*header);
    if (!counter) return damaged(source_name, "its counter is no number");
    const std::string_view body = bytes.substr(bytes.find('\n') + 1);
    if (sha256(body).hex() != digest)
        return damaged(source_name, "its content does not have its digest");
    auto inventory = parse_body(body, source_name);
    if (!inventory) return damaged(source_name, inventory.error().message());
    inventory->counter = *counter;
    return inventory;
}

Result<LoadedInventory> load_inventory(FileTarget& target, const RelPath& own) {
    struct File {
        RelPath path;
        std::string text;
        std::uint64_t counter = 0;
    };

    std::vector<File> files;
    for (const std::uint64_t number : {1U, 0U}) {
        RelPath path = TRY(inventory_path(own, number));
        const std::optional<Bytes> bytes = TRY(target.read(path));
        if (!bytes) continue;
        File file{.path = std::move(path), .text = to_text(*bytes)};
        if (const auto header = header_of(file.text))
            file.counter = counter_of(*header).value_or(0);
        files.push_back(std::move(file));
    }
    // The newer one of the two may be torn by a cut; that is what the other is for.
    if (files.size() == 2 && files[1].counter > files[0].counter) std::swap(files[0], files[1]);
    std::string why;
    for (const File& file : files) {
        auto inventory = parse_inventory(file.text, file.path.text());
        if (inventory) return LoadedInventory{.inventory = *std::move(inventory), .warning = {}};
        why = inventory.error().message();
    }
    LoadedInventory none;
    if (!why.empty())
        none.warning =
            "the inventory cannot be read, so nothing that was installed before is "
            "removed (" +
            why + ")";
    return none;
}

Result<void> save_inventory(FileTarget& target, const RelPath& own, Inventory& inventory) {
    ++inventory.counter;
    const RelPath path = TRY(inventory_path(own, inventory.counter));
    return target.write(path, as_bytes(render_inventory(inventory)));
}

Result<void> remove_inventory(FileTarget& target, const RelPath& own, const Inventory& inventory) {
    for (const std::uint64_t counter : {inventory.counter + 1, inventory.counter}) {
        const RelPath path = TRY(inventory_path(own, counter));
        TRY_VOID(target.remove(path));
    }
    return {};
}

}  // namespace cordwainer
