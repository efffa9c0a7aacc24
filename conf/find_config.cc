#include <unistd.h>

#include <cstdlib>

#include "conf/loader.h"

namespace yard::conf {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

}  // namespace

Result<std::string> find_config(const std::string& given) {
    if (!given.empty()) return given;
    if (const std::string named = variable("YARD_CONFIG"); !named.empty()) return named;
    std::vector<std::string> places{"./yard.yaml"};
    if (const std::string folder = variable("XDG_CONFIG_HOME"); !folder.empty()) {
        places.push_back(folder + "/yardmaster/yard.yaml");
    } else if (const std::string home = variable("HOME"); !home.empty()) {
        places.push_back(home + "/.config/yardmaster/yard.yaml");
    }
    places.push_back("/etc/yardmaster/yard.yaml");
    std::string tried;
    for (const std::string& place : places) {
        if (::access(place.c_str(), F_OK) == 0) return place;
        tried += (tried.empty() ? "" : ", ") + place;
    }
    return fail("no configuration file: name one with -c or YARD_CONFIG, or make one of " + tried);
}

}  // namespace yard::conf
