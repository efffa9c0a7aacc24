// Reads a map of the file into a struct by the rows of its table.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conf/schema.h"

namespace yard::conf {

// A struct in the making, with the places that later checks name.
template <typename T>
struct Draft {
    struct Given {
        const Row<T>* row;
        Mark mark;       // of the value, or of one list item
        bool inherited;  // from `defaults`
    };
    struct Trace {
        Mark mark;  // of the key
        bool inherited;
    };
    T config;
    Mark mark;                            // where it begins: the name of a service
    std::vector<Given> given;             // the rows that were set, lists once for each item
    std::map<std::string, Trace> traces;  // by the path that shows the value; only if the reader traces
    bool misspelt = false;                // it has unknown keys: what seems to be missing may be one of them

    // The place of a row that was given, else of the whole.
    Mark where(std::string_view path) const;
    // The places of the `count` items of a list, in their order.
    std::vector<Mark> items(std::string_view path, size_t count) const;
    bool has(std::string_view path_start) const;
    bool has_own(std::string_view path_start) const;  // given here, not by `defaults`
};

// Sets what `map` (or nothing) says on top of what the draft holds. Reports unknown keys, wrong values, and
// keys that exclude each other.
template <typename T>
void read_section(const Node& map, const Table<T>& table, Draft<T>& draft, Reader& reader);

}  // namespace yard::conf
