// Where each value in force was written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/describe.h"
#include "conf/yaml_text.h"
#include "fakes/map_source.h"

namespace yard::conf {
namespace {

class OriginsTest : public testing::Test {
  protected:
    void load_all() {
        const Loaded loaded = load("yard.yaml", source, &origins);
        EXPECT_EQ(all_text(loaded), "");
        config = loaded.config;
    }
    std::string of(const std::string& service, const std::string& path) {
        const KeyOrigins& keys = origins.at(service);
        const auto found = keys.find(path);
        return found == keys.end() ? "" : found->second;
    }

    MapSource source;
    Origins origins;
    Config config;
};

TEST_F(OriginsTest, AreTheLinesOfTheKeys) {
    source.files["yard.yaml"] =
        "services:\n"
        "  api:\n"
        "    command:\n"
        "      - /bin/api\n"
        "    restart: always\n"
        "    log: {keep: 3,\n"
        "      max_size: 1MiB}\n";
    load_all();
    EXPECT_EQ(of("api", "command"), "yard.yaml:3");
    EXPECT_EQ(of("api", "restart.policy"), "yard.yaml:5");
    EXPECT_EQ(of("api", "log.keep"), "yard.yaml:6");
    EXPECT_EQ(of("api", "log.max_size"), "yard.yaml:7");
    EXPECT_EQ(of("api", "nice"), "");
}

TEST_F(OriginsTest, OfDefaultsNameTheirPlaceAndGiveWayToTheServicesOwn) {
    source.files["yard.yaml"] =
        "defaults:\n  nice: 5\n  restart: {delay: 1s}\n"
        "include: more.yaml\n"
        "services:\n  a: {shell: x,\n    nice: 1}\n";
    source.files["more.yaml"] = "services:\n  b: {shell: x}\n";
    load_all();
    EXPECT_EQ(of("a", "nice"), "yard.yaml:7");
    EXPECT_EQ(of("a", "restart.delay"), "defaults at yard.yaml:3");
    EXPECT_EQ(of("b", "nice"), "defaults at yard.yaml:2");
    EXPECT_EQ(of("b", "command"), "more.yaml:2");
}

TEST_F(OriginsTest, OfVariablesAreThoseOfTheFileThatWon) {
    source.files["yard.yaml"] =
        "defaults: {env: {BASE: b, MODE: base}}\n"
        "services:\n  a:\n    shell: x\n    env_file: [a.env]\n"
        "    env:\n      MODE: prod\n";
    source.files["a.env"] = "# comment\nTOKEN=t\nMODE=dev\n";
    load_all();
    EXPECT_EQ(of("a", "env.BASE"), "defaults at yard.yaml:1");
    EXPECT_EQ(of("a", "env.TOKEN"), "a.env:2");
    EXPECT_EQ(of("a", "env.MODE"), "yard.yaml:7");
    EXPECT_EQ(config.services[0].env.at("MODE"), "prod");
}

TEST_F(OriginsTest, OfAKeyThatAnotherShowsStandThere) {
    source.files["yard.yaml"] = "services:\n  a:\n    shell: x\n    log:\n      timestamps: true\n";
    load_all();
    EXPECT_EQ(of("a", "command"), "yard.yaml:3");
    EXPECT_EQ(of("a", "log.format"), "yard.yaml:5");
}

TEST_F(OriginsTest, HaveTheShapeOfTheDescription) {
    source.files["yard.yaml"] =
        "services:\n  a: {shell: x, env: {A: b}, nice: 3,\n    requires: {b: started}}\n  b: {shell: x}\n";
    load_all();
    const Value::Map shown = describe_origins(config.services[0], origins["a"]);
    const auto text = [&](const std::string& key) {
        for (const auto& [name, value] : shown) {
            if (name == key) return yaml_text(value);
        }
        return std::string();
    };
    EXPECT_EQ(text("nice"), "\"yard.yaml:2\"");
    EXPECT_EQ(text("env"), "{A: \"yard.yaml:2\"}");
    EXPECT_EQ(text("requires"), "\"yard.yaml:3\"");
    EXPECT_EQ(text("autostart"), "\"built in\"");
    EXPECT_EQ(text("success"), "{codes: \"built in\"}");
}

}  // namespace
}  // namespace yard::conf
