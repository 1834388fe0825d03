// A kernel command line as words for GRUB's loaders, so that the kernel reads what was meant.
//
// GRUB (lib/cmdline.c, 2.06 to 2.14) joins the words that it is given with spaces, puts double
// quotes around a word that contains a space, and a backslash in front of every quote and
// backslash. Linux (lib/cmdline.c, next_arg) takes double quotes as grouping and backslashes as
// they are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cordwainer::grub {

struct LoaderWords {
    std::vector<std::string> words;  // for `linux` and `multiboot`
    std::string delivered;           // what the kernel is given for them
    // Whether Linux reads `delivered` as it would read the command line; true where they are equal.
    bool same_meaning = true;
};

// Words for which GRUB delivers the command line byte for byte wherever it can (spaces, empty words
// and tabs are kept), else one that Linux reads the same way (`name="a b"` as `"name=a b"`), else
// the nearest. A carriage return, which cannot be written in a menu, becomes a space, as Linux
// reads it.
[[nodiscard]] LoaderWords loader_words(std::string_view command_line);

// A word of a multiboot module. Guix stores those in GRUB's own notation (`'${root}'`): balanced
// single quotes are taken away, since GRUB could not deliver them to the kernel anyway.
[[nodiscard]] std::string module_word(std::string_view stored);

}  // namespace cordwainer::grub
