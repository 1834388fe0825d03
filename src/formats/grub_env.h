// GRUB's environment block: the one file that GRUB itself writes, and the variables in it (GRUB
// manual 2.06, section 15.2, "The GRUB environment block"; grub-core/lib/envblk.c).
//
// A first line that says what it is, then lines NAME=VALUE in which a backslash stands before every
// backslash and every newline of the value, and lines that begin with "#" and mean nothing; the
// rest is filled with "#". GRUB writes it over the sectors that it has read it from, so it never
// grows.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace cordwainer {

class GrubEnv {
  public:
    // Bytes of a block, as grub-editenv makes it.
    static constexpr std::size_t kSize = 1024;

    // One without variables.
    GrubEnv() = default;

    // corrupt, with what is wrong, where GRUB would not read it, or where it has another size.
    [[nodiscard]] static Result<GrubEnv> parse(std::string_view bytes,
                                               const std::string& source_name);

    // The value of a variable, as load_env sets it: the last one of that name.
    [[nodiscard]] std::optional<std::string> get(std::string_view name) const;

    // Sets a variable, in the first line after GRUB's own; every other line stays as it is. The
    // name is GRUB's: letters, digits and "_".
    void set(std::string_view name, std::string_view value);

    // No error where there is none of that name.
    void remove(std::string_view name);

    // Bytes before the filling.
    [[nodiscard]] std::size_t used() const;

    // The block's bytes; no_space where its lines are longer than a block.
    [[nodiscard]] Result<std::string> render() const;

  private:
    std::vector<std::string> lines_;  // as they stand in the block, each with its newline
};

}  // namespace cordwainer
