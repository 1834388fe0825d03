#include "model/config_schema.h"

#include <algorithm>
#include <tuple>

#include "core/nearest.h"

namespace cordwainer {
namespace {

struct Problem {
    Location place;
    std::string text;
    std::size_t found = 0;  // how many were found before
};

// `text` in quotes on one line, shortened where it is long.
std::string quoted(const std::string& text) {
    constexpr std::size_t kLongest = 80;
    std::string result = "\"";
    for (const char c : text.substr(0, kLongest)) {
        if (c == '"' || c == '\\') result += '\\';
        const auto byte = static_cast<unsigned char>(c);
        result += byte < 0x20 || byte == 0x7f ? '?' : c;
    }
    return result + (text.size() > kLongest ? "…\"" : "\"");
}

std::string joined(const std::vector<std::string>& names, bool in_quotes) {
    std::string text;
    for (const std::string& name : names) {
        if (!text.empty()) text += ", ";
        text += in_quotes ? quoted(name) : name;
    }
    return text;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
    const auto best = nearest(word, candidates);
    return best ? "; did you mean " + quoted(*best) + "?" : "";
}

std::string range_text(const ConfigType& type) {
    const auto low = type.minimum ? std::to_string(*type.minimum) : "";
    const auto high = type.maximum ? std::to_string(*type.maximum) : "";
    if (type.minimum && type.maximum) return " from " + low + " to " + high;
    if (type.minimum) return " of at least " + low;
    if (type.maximum) return " of at most " + high;
    return "";
}

// How a description speaks of its type.
enum class Form { bare, with_article, plural };

std::string noun(const char* singular, Form form) {
    std::string word = singular;
    if (form == Form::plural) return word + "s";
    if (form == Form::bare) return word;
    return (word.front() == 'i' ? "an " : "a ") + word;
}

std::string describe_in(const ConfigType& type, Form form);

std::string describe_one(const ConfigType& type, Form form) {
    switch (type.kind) {
        case ConfigType::Kind::boolean:
            return noun("boolean", form);
        case ConfigType::Kind::integer:
            return noun("integer", form) + range_text(type);
        case ConfigType::Kind::string: {
            if (type.allowed.empty()) return noun("string", form);
            std::string values = joined(type.allowed, true);
            if (type.allowed.size() == 1 && form != Form::plural) return values;
            return (form == Form::plural ? "strings, each one of " : "one of ") + values;
        }
        case ConfigType::Kind::list: {
            const std::string of = type.element.empty()
                                       ? ""
                                       : " of " + describe_in(type.element.front(), Form::plural);
            return noun("list", form) + of;
        }
        case ConfigType::Kind::table:
            return noun("table", form);
    }
    return "";
}

std::string describe_in(const ConfigType& type, Form form) {
    std::string text = describe_one(type, form);
    for (const ConfigType& alternative : type.alternatives) {
        text += " or " + describe_one(alternative, form);
    }
    return text;
}

std::size_t value_index(ConfigType::Kind kind) {
    switch (kind) {
        case ConfigType::Kind::boolean:
            return 0;
        case ConfigType::Kind::integer:
            return 1;
        case ConfigType::Kind::string:
            return 2;
        case ConfigType::Kind::list:
            return 3;
        case ConfigType::Kind::table:
            return 4;
    }
    return 0;
}

// The first of the type and its alternatives that takes this kind of value.
const ConfigType* matching(const ConfigType& type, const ConfigValue& value) {
    if (value_index(type.kind) == value.value.index()) return &type;
    for (const ConfigType& alternative : type.alternatives) {
        if (value_index(alternative.kind) == value.value.index()) return &alternative;
    }
    return nullptr;
}

void check_table(const ConfigSchema& schema,
                 const ConfigValue& table,
                 std::vector<Problem>& problems);

// `name`: the key's, in quotes, for messages.
void check_value(const std::string& name,
                 const ConfigType& declared,
                 const ConfigValue& value,
                 std::vector<Problem>& problems) {
    const auto refuse = [&](const std::string& found) {
        problems.push_back(
            {value.location,
             name + " must be " + describe_in(declared, Form::with_article) + ", not " + found});
    };
    const ConfigType* type = matching(declared, value);
    if (!type) return refuse(value.type_name());
    if (const auto* number = std::get_if<std::int64_t>(&value.value)) {
        if ((type->minimum && *number < *type->minimum) ||
            (type->maximum && *number > *type->maximum)) {
            refuse(std::to_string(*number));
        }
    } else if (const auto* text = std::get_if<std::string>(&value.value)) {
        if (!type->allowed.empty() && std::ranges::count(type->allowed, *text) == 0) {
            return refuse(quoted(*text) + did_you_mean(*text, type->allowed));
        }
        if (!type->check) return;
        if (const auto wanted = type->check(*text)) {
            problems.push_back({value.location,
                                name + " must be " + *wanted + ", not " + quoted(*text) +
                                    did_you_mean(*text, type->suggested)});
        }
    } else if (const auto* list = std::get_if<ConfigList>(&value.value)) {
        if (type->element.empty()) return;
        for (const ConfigValue& element : *list) {
            check_value("an element of " + name, type->element.front(), element, problems);
        }
    } else if (std::holds_alternative<ConfigTable>(value.value) && !type->table.empty()) {
        check_table(type->table.front(), value, problems);
    }
}

void check_table(const ConfigSchema& schema,
                 const ConfigValue& table,
                 std::vector<Problem>& problems) {
    const std::string where = schema.name.empty() ? "at the top level" : "in [" + schema.name + "]";
    for (const ConfigKey& key : schema.keys) {
        if (!key.required || table.find(key.name)) continue;
        problems.push_back({table.location,
                            "the key " + quoted(key.name) + " is missing " + where + ": " +
                                describe_in(key.type, Form::with_article) + ". " + key.meaning});
    }
    const auto* entries = std::get_if<ConfigTable>(&table.value);
    if (!entries) return;
    for (const auto& [name, value] : *entries) {
        const auto key = std::ranges::find(schema.keys, name, &ConfigKey::name);
        if (key != schema.keys.end()) {
            check_value(quoted(name), key->type, value, problems);
            continue;
        }
        std::vector<std::string> names;
        for (const ConfigKey& known : schema.keys) names.push_back(known.name);
        problems.push_back({value.key_location,
                            "unknown key " + quoted(name) + " " + where +
                                did_you_mean(name, names) + " (allowed: " + joined(names, false) +
                                ")"});
    }
}

}  // namespace

std::vector<std::string> check_config(const ConfigSchema& schema, const ConfigValue& table) {
    std::vector<Problem> problems;
    if (std::holds_alternative<ConfigTable>(table.value)) {
        check_table(schema, table, problems);
    } else {
        problems.push_back(
            {table.location,
             quoted(schema.name) + " must be a table, not " + std::string(table.type_name())});
    }
    for (std::size_t i = 0; i < problems.size(); ++i) problems[i].found = i;
    // Tables that dotted keys spread over a file would else be reported out of its order.
    std::ranges::sort(problems, [](const Problem& a, const Problem& b) {
        return std::tie(a.place.line, a.place.column, a.found) <
               std::tie(b.place.line, b.place.column, b.found);
    });
    std::vector<std::string> messages;
    for (const Problem& problem : problems) {
        const std::string place = problem.place.text();
        messages.push_back(place.empty() ? problem.text : place + ": " + problem.text);
    }
    return messages;
}

std::string describe(const ConfigType& type) {
    return describe_in(type, Form::bare);
}

}  // namespace cordwainer
