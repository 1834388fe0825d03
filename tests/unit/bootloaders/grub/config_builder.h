// Configuration values for tests, without a file to read them from.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "model/config_value.h"

namespace cordwainer::grub::testing {

template <class T>
ConfigValue make_value(T value) {
    ConfigValue made;
    made.value = std::move(value);
    made.location = {.file = "config.toml", .line = 1, .column = 1};
    made.key_location = made.location;
    return made;
}

inline ConfigValue text(std::string value) {
    return make_value(std::move(value));
}

inline ConfigValue number(std::int64_t value) {
    return make_value(value);
}

inline ConfigValue flag(bool value) {
    return make_value(value);
}

inline ConfigValue list(ConfigList values) {
    return make_value(std::move(values));
}

inline ConfigValue texts(std::initializer_list<const char*> values) {
    ConfigList made;
    for (const char* value : values) made.push_back(text(value));
    return list(std::move(made));
}

inline ConfigValue table(ConfigTable entries) {
    return make_value(std::move(entries));
}

}  // namespace cordwainer::grub::testing
