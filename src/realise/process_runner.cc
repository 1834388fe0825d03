#include "realise/process_runner.h"

#include <chrono>
#include <utility>

#include "sys/spawn.h"

namespace cordwainer {

Result<std::string> ProcessRunner::run(const Command& command) {
    SpawnRequest request;
    request.arguments = command.arguments;
    request.directory = command.directory;
    request.environment = {{"LC_ALL", "C"}};
    request.timeout = std::chrono::minutes(10);
    SpawnOutput done = TRY(spawn(request));
    return std::move(done.output);
}

}  // namespace cordwainer
