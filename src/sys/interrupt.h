// Being asked to stop by a signal. Work that takes long looks here and ends with an error, so that
// everything that was begun is undone on the way out: temporary files go, programs are stopped.
#pragma once

#include "core/error.h"

namespace cordwainer {

// From now on SIGINT, SIGTERM and SIGHUP ask to stop, instead of killing at once; a second one
// kills. A signal that the caller's parent made ignored (nohup) stays so. Called once, by main.
void stop_on_signals();

// Whether such a signal has come. Never without stop_on_signals.
[[nodiscard]] bool stop_requested();

// Becomes readable, and stays so, when such a signal has come; for poll(2), which ignores the -1
// that this is without stop_on_signals.
[[nodiscard]] int stop_descriptor();

// The error of work that was stopped so.
[[nodiscard]] Error stopped();

}  // namespace cordwainer
