#include "conf/describe.h"

#include "conf/schema.h"

namespace yard::conf {
namespace {

// The map of a section; rows of a section need not follow each other.
Value::Map& section_of(Value::Map& shown, const std::string& name) {
    for (auto& [key, value] : shown) {
        if (key == name) return std::get<Value::Map>(value.content);
    }
    shown.push_back({name, Value{Value::Map{}}});
    return std::get<Value::Map>(shown.back().value.content);
}

Value plain(const std::string&, Value value) {
    return value;
}

// `decorate(path, value)` gives what stands in the place of a row's value.
template <typename T, typename Decorate = decltype(&plain)>
Value::Map describe_by(const Table<T>& table, const T& target, Decorate decorate = plain) {
    Value::Map shown;
    for (const Row<T>& row : table.rows()) {
        Value value = row.show(target);
        if (value.is_none()) continue;
        const size_t dot = row.path.find('.');
        const std::string key = row.path.substr(dot + 1);  // all of it when there is no dot
        (dot == std::string::npos ? shown : section_of(shown, row.path.substr(0, dot)))
            .push_back({key, decorate(row.path, std::move(value))});
    }
    return shown;
}

// In place of a value. Members that have none of their own stand where the map does.
auto origin_in(const KeyOrigins& origins) {
    const auto at = [&origins](const std::string& path, const Value& otherwise) {
        const auto found = origins.find(path);
        return found == origins.end() ? otherwise : Value{found->second};
    };
    return [at](const std::string& path, Value value) {
        const Value whole = at(path, Value{std::string("built in")});
        auto* members = std::get_if<Value::Map>(&value.content);
        if (members == nullptr || members->empty()) return whole;
        for (auto& [key, member] : *members) member = at(path + "." + key, whole);
        return value;
    };
}

}  // namespace

Value::Map describe(const ServiceConfig& service) {
    return describe_by(service_table(), service);
}
Value::Map describe(const DaemonConfig& daemon) {
    return describe_by(daemon_table(), daemon);
}
Value::Map describe(const ObjectConfig& object) {
    return describe_by(object_table(), object);
}
Value::Map describe_access(const DaemonConfig& daemon) {
    return describe_by(access_table(), daemon);
}

Value::Map describe_origins(const ServiceConfig& service, const KeyOrigins& origins) {
    return describe_by(service_table(), service, origin_in(origins));
}

}  // namespace yard::conf
