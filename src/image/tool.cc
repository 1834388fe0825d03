#include "image/tool.h"

namespace cordwainer::image {

Result<std::filesystem::path> find_tool(const Tool& tool) {
    for (const std::string& name : {tool.name, "/usr/sbin/" + tool.name, "/sbin/" + tool.name}) {
        if (const auto found = find_program(name)) return *found;
    }
    return Error{Errc::not_found,
                 tool.name + ": there is no such program; install the package " + tool.package};
}

Result<SpawnOutput> run_tool(const Tool& tool, const ToolRun& run) {
    SpawnRequest request{.arguments = {TRY(find_tool(tool)).string()},
                         .directory = run.directory,
                         .environment = run.environment,
                         .input = run.input};
    request.arguments.insert(request.arguments.end(), run.arguments.begin(), run.arguments.end());
    request.environment.emplace("LC_ALL", "C.UTF-8");
    request.environment.emplace("TZ", "UTC");
    // Else mkfs.btrfs keeps what it found on the host's disks in /run/blkid.
    request.environment.emplace("BLKID_FILE", "/dev/null");
    if (run.discard_output) request.output_file = "/dev/null";
    return spawn(request);
}

}  // namespace cordwainer::image
