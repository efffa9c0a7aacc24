// Every key of the configuration, described once: what it is called, what it holds, what it is when left out,
// what it is for, and which field it sets. Reading (section_reader.h), writing back (describe.h) and what is
// generated (manual, JSON schema, completion) all walk these rows.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "conf/config.h"
#include "conf/effect.h"
#include "conf/types.h"

namespace yard::conf {

template <typename T>
struct Row {
    std::string path;  // from its section's start: "restart.delay"
    Shape shape;
    std::string fallback;  // as it would be written; empty: there is none
    std::string doc;       // one line
    std::function<void(const Node&, T&, Reader&)> read;
    std::function<Value(const T&)> show;  // nothing: not set, or another row shows it
    std::string choice;                   // of the rows with the same word here, one map may hold only one
    Effect effect = Effect::at_once;      // of a change, on what runs

    std::string example;   // of a value as it is written, where the default says too little
    std::string shown_as;  // path of the row that shows what this one sets; empty: itself

    Row&& taking(Effect when) && {
        effect = when;
        return std::move(*this);
    }
    Row&& like(std::string written) && {
        example = std::move(written);
        return std::move(*this);
    }
    Row&& shown_by(std::string other) && {
        shown_as = std::move(other);
        return std::move(*this);
    }
    Row&& one_of(std::string group) && {
        choice = std::move(group);
        return std::move(*this);
    }
    // Shown only where it has a meaning.
    Row&& shown_if(std::function<bool(const T&)> condition) && {
        show = [inner = std::move(show), condition = std::move(condition)](const T& target) {
            return condition(target) ? inner(target) : Value{};
        };
        return std::move(*this);
    }
};

// A key that holds a map of other keys.
struct Section {
    std::string path;
    std::string doc;
    std::string
        shorthand;  // path of the row that text stands for: `restart: always`; empty: it must be a map
};

template <typename T>
class Table {
  public:
    // `title`: where these keys stand, for messages: "daemon". Rows are applied in their order here.
    Table(std::string title, std::string prefix, std::vector<Section> sections, std::vector<Row<T>> rows);

    const std::string& title() const { return title_; }
    // What stands before the paths when they are named from the top of a file: "services.NAME.".
    const std::string& prefix() const { return prefix_; }
    const std::vector<Row<T>>& rows() const { return rows_; }
    const std::vector<Section>& sections() const { return sections_; }

    // Null when there is none.
    const Row<T>* row(const std::string& path) const;
    const Section* section(const std::string& path) const;
    // The keys a map may have: those of the section `path`, or the outermost when it is empty.
    std::vector<std::string> keys_of(const std::string& path) const;
    // The path of the section or row whose last word is `key`: of several the one that may hold the word `value`,
    // else the first. Empty when there is none.
    std::string path_ending_in(std::string_view key, std::string_view value) const;

  private:
    std::string title_;
    std::string prefix_;
    std::vector<Section> sections_;
    std::vector<Row<T>> rows_;
    std::unordered_map<std::string, size_t> by_path_;
};

// The outermost keys of a file. The maps are read one by one by the loader.
struct FileHead {
    int version = 1;
    std::vector<std::string> include;
    const Node* defaults = nullptr;
    const Node* services = nullptr;
    const Node* daemon = nullptr;
    const Node* access = nullptr;
    const Node* ipc = nullptr;
};

const Table<FileHead>& file_table();
const Table<ServiceConfig>& service_table();
const Table<DaemonConfig>& daemon_table();
const Table<DaemonConfig>& access_table();  // what stands under `access:`
const Table<ObjectConfig>& object_table();  // of one object under `ipc:`

// Where a key that was found at a wrong place with `value` (empty: a list or a map) belongs: "restart.delay", or
// "daemon.log_file" when that is another table than `title`. Or empty.
std::string right_place_of(std::string_view key, std::string_view value, std::string_view title);

}  // namespace yard::conf
