// The control interface as data: what a row of the method table is. The table itself (kMethods), the texts of
// the interfaces (kInterfaces) and the class Handlers are made from supervisord/*.varlink at build time into
// engine/control/interface_table.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace yard::engine::control {

class Call;
class Handlers;

// A right; each includes those before it.
enum class Role : uint8_t { anyone, observe, operate, admin };
const char* to_string(Role role);

enum class Type : uint8_t { boolean, integer, number, string, object };

struct Parameter {
    std::string_view name;
    Type type;
    bool optional;
    bool array;
};

struct MethodRow {
    std::string_view name;  // with its interface: "org.yardmaster.Start"
    Role role;              // what the caller needs
    bool streams;           // answers several times when called with "more"
    std::span<const Parameter> parameters;
    void (Handlers::*handler)(Call&);
};

struct InterfaceText {
    std::string_view name;
    std::string_view text;
};

}  // namespace yard::engine::control
