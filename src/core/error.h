// Errors as values: what went wrong, where, and what to do, told from the outside inwards.
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace cordwainer {

// The kind of failure, for callers that branch on it. What a person reads is in `Error::notes`.
enum class Errc {
    invalid_input,  // the user's input is wrong (configuration, layout, a file's content)
    not_found,      // something named does not exist
    unsupported,    // well-formed, but this program or a named tool cannot do it
    refused,        // doing it would do harm, or break a promise
    no_space,       // it does not fit
    io,             // the operating system failed; `sys_errno` says how
    tool_failed,    // a program that was run failed
    corrupt,        // stored data does not match its digest or its format
};

// A failure with its context chain, outermost first: {"install grub", "write core.img",
// "LBA 2048: Input/output error"}.
struct Error {
    Errc code = Errc::io;
    int sys_errno = 0;  // errno of the failed system call, or 0
    std::vector<std::string> notes;

    Error(Errc c, std::string note) : code(c), notes{std::move(note)} {}

    // The same error with one more outer note.
    [[nodiscard]] Error with_context(std::string note) && {
        notes.insert(notes.begin(), std::move(note));
        return std::move(*this);
    }

    // The notes joined with ": ", as one message for a person.
    [[nodiscard]] std::string message() const;
};

// A failed system call: `note` says what was attempted on what; the text of `err` is appended.
[[nodiscard]] Error system_error(int err, std::string note);

// A T or an Error. Implicitly made from either, so functions simply return what they have.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
    using Base = std::expected<T, Error>;

  public:
    using Base::Base;

    Result(Error e) : Base(std::unexpected(std::move(e))) {}  // NOLINT(google-explicit-constructor)

    // Adds an outer note to the error, if there is one.
    [[nodiscard]] Result with_context(std::string note) && {
        if (!*this) return std::move(this->error()).with_context(std::move(note));
        return std::move(*this);
    }
};

}  // namespace cordwainer

// Evaluates a Result expression; on success yields its value (which must not be void), on failure
// returns the error from the enclosing function. Use it only as a whole initialiser: a TRY inside
// a TRY would shadow its variable.
#define TRY(...)                                                 \
    __extension__({                                              \
        auto try_result_ = (__VA_ARGS__);                        \
        if (!try_result_) return std::move(try_result_).error(); \
        std::move(*try_result_);                                 \
    })

// The same as a statement, for a Result<void> or where the value is not wanted.
#define TRY_VOID(...)                                                                              \
    do {                                                                                           \
        if (auto try_result_ = (__VA_ARGS__); !try_result_) return std::move(try_result_).error(); \
    } while (false)
