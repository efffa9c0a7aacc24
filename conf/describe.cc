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

template <typename T>
Value::Map describe_by(const Table<T>& table, const T& target) {
    Value::Map shown;
    for (const Row<T>& row : table.rows()) {
        Value value = row.show(target);
        if (value.is_none()) continue;
        const size_t dot = row.path.find('.');
        const std::string key = row.path.substr(dot + 1);  // all of it when there is no dot
        (dot == std::string::npos ? shown : section_of(shown, row.path.substr(0, dot)))
            .push_back({key, std::move(value)});
    }
    return shown;
}

}  // namespace

Value::Map describe(const ServiceConfig& service) {
    return describe_by(service_table(), service);
}
Value::Map describe(const DaemonConfig& daemon) {
    return describe_by(daemon_table(), daemon);
}
Value::Map describe_access(const DaemonConfig& daemon) {
    return describe_by(access_table(), daemon);
}

}  // namespace yard::conf
