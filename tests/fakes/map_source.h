// A conf::Source of files and variables that a test writes down.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conf/loader.h"

namespace yard::conf {

class MapSource : public Source {
  public:
    std::map<std::string, std::string> files;
    std::map<std::string, std::string> variables;

    MapSource() = default;
    explicit MapSource(std::string yard_yaml) : files{{"yard.yaml", std::move(yard_yaml)}} {}

    Result<std::string> read_file(const std::string& path) override {
        const auto found = files.find(path);
        if (found == files.end()) return fail("cannot read " + path + ": No such file or directory");
        return found->second;
    }
    Result<std::vector<std::string>> list_yaml(const std::string& folder) override {
        std::vector<std::string> paths;
        for (const auto& [path, content] : files) {
            if (path.starts_with(folder + "/")) paths.push_back(path);
        }
        return paths;
    }
    std::optional<std::string> variable(const std::string& name) override {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    }
};

inline std::string all_text(const Loaded& loaded) {
    std::string text;
    for (const Diagnostic& one : loaded.diagnostics) text += one.text() + "\n";
    return text;
}

// The mistakes in `yaml` as lines, empty when there are none.
inline std::string mistakes_in(const std::string& yaml) {
    MapSource source(yaml);
    return all_text(load("yard.yaml", source));
}

}  // namespace yard::conf
