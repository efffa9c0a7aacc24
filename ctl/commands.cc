#include "ctl/commands.h"

namespace yard::ctl {

using varlink::Json;

Json with_names(const std::vector<std::string>& names) {
    Json parameters{Json::Object{}};
    if (!names.empty()) parameters.set("names", Json::Array(names.begin(), names.end()));
    return parameters;
}

}  // namespace yard::ctl
