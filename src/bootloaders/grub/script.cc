#include "bootloaders/grub/script.h"

#include <utility>

#include "formats/grub_quote.h"

namespace cordwainer::grub {

Script& Script::line(std::string_view text) {
    return begin(text).end();
}

Script& Script::begin(std::string_view command) {
    text_ += indentation_;
    text_ += command;
    return *this;
}

Script& Script::raw(std::string_view word) {
    text_ += ' ';
    text_ += word;
    return *this;
}

Script& Script::word(std::string_view text) {
    text_ += ' ';
    add(grub_word(text));
    return *this;
}

Script& Script::quoted(std::string_view text) {
    text_ += ' ';
    add(grub_quote(text));
    return *this;
}

Script& Script::joined(std::string_view raw, std::string_view text) {
    text_ += ' ';
    text_ += raw;
    add(grub_word(text));
    return *this;
}

Script& Script::end() {
    text_ += '\n';
    return *this;
}

Script& Script::append(std::string_view lines) {
    text_ += lines;
    return *this;
}

Script& Script::indent() {
    indentation_ += '\t';
    return *this;
}

Script& Script::outdent() {
    if (!indentation_.empty()) indentation_.pop_back();
    return *this;
}

Result<std::string> Script::finish() {
    if (error_) return *std::exchange(error_, std::nullopt);
    return std::exchange(text_, {});
}

void Script::add(Result<std::string> word) {
    if (word) {
        text_ += *word;
    } else if (!error_) {
        error_ = std::move(word).error();
    }
}

}  // namespace cordwainer::grub
