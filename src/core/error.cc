#include "core/error.h"

#include <system_error>

namespace cordwainer {

std::string Error::message() const {
    std::string text;
    for (const std::string& note : notes) {
        if (!text.empty()) text += ": ";
        text += note;
    }
    return text;
}

Error system_error(int err, std::string note) {
    Error error(Errc::io, std::move(note) + ": " + std::generic_category().message(err));
    error.sys_errno = err;
    return error;
}

}  // namespace cordwainer
