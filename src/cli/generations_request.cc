#include "cli/generations_request.h"

namespace cordwainer::cli {

std::optional<std::string> state_inside(const Root& root, const Common& common) {
    if (!common.state_given) return GenerationsRequest().state;
    return root.inside(common.state);
}

GenerationsRequest generations_request(const Root& root,
                                       const Common& common,
                                       const GenerationsConfig& config) {
    GenerationsRequest request;
    request.source = config.source;
    request.profile = config.profile;
    request.state = state_inside(root, common).value_or(request.state);
    return request;
}

}  // namespace cordwainer::cli
