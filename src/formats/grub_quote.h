// Text as one word of GRUB's script language, so that nothing in it can change the script.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/error.h"

namespace cordwainer {

// GRUB's lexer stops the machine at a word of more bytes than this (flex's YYLMAX less its
// terminator, GRUB 2.06 script/yylex.l); the quotes and what stands beside them count.
constexpr std::size_t kLongestGrubWord = 8191;

// A word that GRUB's script parser (GRUB manual 2.06, section 16.3 "Quoting") and its rescue parser
// read as exactly `text`, whatever it contains: quotes, `$`, `;`, braces, spaces, line breaks.
// A line break is followed by a closing and an opening quote, because GRUB drops lines that begin
// with "#" before it looks at quotes; the rescue parser alone loses line breaks.
//
// Refused with invalid_input: NUL and carriage return, which GRUB cannot read from a script, and
// words longer than kLongestGrubWord.
[[nodiscard]] Result<std::string> grub_quote(std::string_view text);

// `text` as it is where it is a word of letters, digits and `/ . , : = @ % + - _` that GRUB reads
// as that anyway, else as grub_quote gives it. For arguments: they stay readable for people, and
// for other programs that read GRUB's configuration.
[[nodiscard]] Result<std::string> grub_word(std::string_view text);

// `text` on one line for the menu's screen: well-formed UTF-8, each control character a space, cut
// at a character's end to at most `longest` bytes.
[[nodiscard]] std::string grub_title(std::string_view text, std::size_t longest);

}  // namespace cordwainer
