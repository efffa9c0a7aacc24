// The JSON schema that editors check yard.yaml with (JSON Schema draft 7).
#include "ipc/varlink/json.h"
#include "packaging/documents/keys.h"
#include "packaging/documents/sections.h"

namespace yard::documents {
namespace {

using varlink::Json;

Json one_of_types(std::initializer_list<const char*> types) {
    Json::Array names;
    for (const char* type : types) names.push_back(type);
    return Json::Object{{"type", names}};
}

Json any_of(Json::Array choices) {
    return Json::Object{{"anyOf", std::move(choices)}};
}

// A value may also be ${NAME}, which only the daemon can replace.
Json variable() {
    return Json::Object{{"type", "string"}, {"pattern", "\\$\\{"}};
}

Json pattern(const std::string& regex) {
    return Json::Object{{"type", "string"}, {"pattern", "^(" + regex + ")$|\\$\\{"}};
}

// Parsers of YAML 1.1 make booleans of these words.
Json words(const std::vector<std::string>& allowed) {
    Json::Array values;
    bool yes = false, no = false;
    for (const std::string& word : allowed) {
        values.push_back(word);
        yes |= word == "yes" || word == "on" || word == "true";
        no |= word == "no" || word == "off" || word == "false";
    }
    if (yes) values.push_back(true);
    if (no) values.push_back(false);
    if (allowed == std::vector<std::string>{"1"}) values.push_back(1);
    return any_of({Json::Object{{"enum", values}}, variable()});
}

Json numeric(const conf::Shape& shape, const char* type, const char* regex) {
    Json number = Json::Object{{"type", type}};
    if (shape.range) number.set("minimum", shape.range->first).set("maximum", shape.range->second);
    return any_of({number, pattern(regex)});
}

const Json& text() {
    static const Json type = one_of_types({"string", "number", "boolean"});
    return type;
}

Json number_or(const std::string& regex) {
    return any_of({Json::Object{{"type", "integer"}, {"minimum", 0}}, pattern(regex)});
}

Json scalar(const conf::Shape& shape) {
    const std::string& kind = shape.kind;
    if (kind == "word" || kind == "boolean") return words(shape.words);
    if (kind == "integer") return numeric(shape, "integer", "-?[0-9]+");
    if (kind == "number") return numeric(shape, "number", "-?[0-9.]+");
    if (kind == "percentage") return pattern("[0-9.]+%");
    if (kind == "duration") return pattern("[0-9]+(ms|s|m|h|d)");
    if (kind == "size") return number_or("[0-9]+([KMGTPE]i?)?B?");
    if (kind == "signal") return number_or("[A-Za-z][A-Za-z0-9+-]+|[0-9]+");
    if (kind == "host:port") return pattern(".+:[0-9]+");
    if (kind == "URL") return pattern("http://.+");
    return text();
}

Json list(Json item, bool lone) {
    Json array = Json::Object{{"type", Json::Array{"array", "null"}}, {"items", item}};
    return lone ? any_of({std::move(item), std::move(array)}) : array;
}

Json map_of(Json member) {
    return Json::Object{{"type", Json::Array{"object", "null"}}, {"additionalProperties", std::move(member)}};
}

Json dependencies(const conf::Shape& shape) {
    const Json conditions = map_of(words(shape.words));
    return any_of({list(any_of({text(), conditions}), false), conditions});
}

Json value(const conf::Shape& shape) {
    constexpr std::string_view kList = "list of ";
    if (shape.kind.starts_with(kList)) {
        conf::Shape item = shape;
        item.kind.erase(0, kList.size());
        return list(scalar(item), shape.lone);
    }
    if (shape.kind == "command") return list(text(), false);
    if (shape.kind == "map of text") return map_of(text());
    if (shape.kind == "dependencies") return dependencies(shape);
    if (shape.kind == "uses") return map_of(words(shape.words));
    if (shape.kind == "limit") {
        const Json amount = number_or("unlimited|[0-9]+(([KMGTPE]i?)?B?|ms|s|m|h|d)");
        return any_of({amount, list(amount, false).set("minItems", 2).set("maxItems", 2)});
    }
    return scalar(shape);
}

Json documented(Json schema, const std::string& doc, const std::string& fallback) {
    schema.set("description", fallback.empty() ? doc : doc + " Default: " + fallback + ".");
    return schema;
}

Json closed(Json properties) {
    return Json::Object{{"type", Json::Array{"object", "null"}},
                        {"additionalProperties", false},
                        {"properties", std::move(properties)}};
}

// The map of a section and, where one value may stand for it, that value.
Json section_schema(const Chapter& chapter, const conf::Section& section) {
    const std::string start = section.path + ".";
    Json properties = Json::Object{}, shorthand;
    for (const Key& key : chapter.keys) {
        if (!key.path.starts_with(start)) continue;
        properties.set(key.path.substr(start.size()), documented(value(key.shape), key.doc, key.fallback));
        if (key.path == section.shorthand) shorthand = value(key.shape);
    }
    Json map = closed(std::move(properties));
    if (!shorthand.is_null()) map = any_of({std::move(shorthand), std::move(map)});
    return documented(std::move(map), section.doc, "");
}

Json chapter_schema(const Chapter& chapter) {
    Json properties = Json::Object{};
    for (const Key& key : chapter.keys) {
        if (key.path.find('.') == std::string::npos)
            properties.set(key.path, documented(value(key.shape), key.doc, key.fallback));
    }
    for (const conf::Section& section : chapter.sections)
        properties.set(section.path, section_schema(chapter, section));
    return closed(std::move(properties));
}

std::string indented(const Json& json, const std::string& indent) {
    const bool array = json.is_array();
    if (!array && !json.is_object()) return json.dump();
    const std::string deeper = indent + "  ";
    std::string text;
    for (const Json& item : json.as_array()) text += (text.empty() ? "" : ", ") + indented(item, deeper);
    if (array) return "[" + text + "]";
    for (const auto& [key, member] : json.as_object()) {
        text += (text.empty() ? "\n" : ",\n") + deeper + Json(key).dump() + ": " + indented(member, deeper);
    }
    return text.empty() ? "{}" : "{" + text + "\n" + indent + "}";
}

}  // namespace

std::string json_schema() {
    const std::vector<Chapter> all = chapters();
    const Json service = Json::Object{{"$ref", "#/definitions/service"}};
    Json file = chapter_schema(all[0]);
    Json properties = file["properties"];
    const auto refine = [&](const char* key, Json schema) {
        properties.set(key, documented(std::move(schema), properties[key]["description"].as_string(), ""));
    };
    refine("defaults", Json::Object{{"allOf", Json::Array{service}}});
    refine("services", map_of(service));
    refine("daemon", chapter_schema(all[2]));
    refine("access", chapter_schema(all[3]));
    refine("ipc", map_of(chapter_schema(all[4])));
    file.set("properties", std::move(properties));
    Json schema =
        Json::Object{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "yard.yaml"}};
    for (const auto& [key, member] : file.as_object()) schema.set(key, member);
    schema.set("definitions", Json::Object{{"service", chapter_schema(all[1])}});
    return indented(schema, "") + "\n";
}

}  // namespace yard::documents
