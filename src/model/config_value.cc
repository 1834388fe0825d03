#include "model/config_value.h"

namespace cordwainer {

bool ConfigValue::operator==(const ConfigValue&) const = default;

const ConfigValue* ConfigValue::find(std::string_view key) const {
    const auto* table = std::get_if<ConfigTable>(&value);
    if (!table) return nullptr;
    for (const auto& [name, entry] : *table) {
        if (name == key) return &entry;
    }
    return nullptr;
}

const char* ConfigValue::type_name() const {
    static constexpr const char* kNames[] = {
        "a boolean", "an integer", "a string", "a list", "a table"};
    return kNames[value.index()];
}

}  // namespace cordwainer
