// Any bytes as a configuration, as an included file, as an env file and as a bundle: the loader answers, and
// what it accepts can be described and loaded again with the same meaning.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "conf/describe.h"
#include "fakes/map_source.h"

namespace {

using namespace yard::conf;

std::vector<Value::Map> described(const Config& config) {
    std::vector<Value::Map> all{describe(config.daemon)};
    for (const ServiceConfig& service : config.services) all.push_back(describe(service));
    return all;
}

void require(bool condition) {
    if (!condition) std::abort();
}

void load_as_configuration(const std::string& input) {
    MapSource source(input);
    source.files["self.yaml"] = input;
    source.files["self.env"] = input;
    source.variables = {{"HOME", "/home/x"}, {"EMPTY", ""}};
    const Loaded loaded = load("yard.yaml", source);
    for (const Diagnostic& mistake : loaded.diagnostics)
        require(!mistake.text().empty() && !mistake.message.empty());
    if (!loaded.diagnostics.empty()) return;
    require(described(load("yard.yaml", source).config) == described(loaded.config));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string input(reinterpret_cast<const char*>(data), size);
    load_as_configuration(input);
    if (auto bundle = BundleSource::parse(input)) (void)load("yard.yaml", *bundle);
    return 0;
}
