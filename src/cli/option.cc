#include "cli/option.h"

namespace cordwainer::cli {

Exclusion layout_has_root() {
    return {.name = "--root", .why = "the layout names the root of the image's system"};
}

Option make_room_option(bool& make_room) {
    return {.names = {"--make-room"},
            .meaning = "Where it does not fit, delete the oldest generations, as few as it takes",
            .target = &make_room};
}

Option no_wait_option(bool& no_wait) {
    return {.names = {"--no-wait"},
            .meaning = "End with status 1 where another run is at work, instead of waiting",
            .target = &no_wait};
}

}  // namespace cordwainer::cli
