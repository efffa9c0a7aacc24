// A YAML file as a tree that remembers its places: yaml_parser.h makes it, the rows of schema.h read it.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <string>
#include <variant>
#include <vector>

namespace yard::conf {

// Where something is written. `file` is a number that Report gives out; line and column count from 1.
struct Mark {
    uint32_t file = 0;
    uint32_t line = 0;
    uint32_t column = 0;
    auto operator<=>(const Mark&) const = default;
};

class Node {
  public:
    struct Entry {
        std::string key;
        Mark key_mark;
        Node* value;
    };
    using Items = std::vector<Node*>;
    using Entries = std::vector<Entry>;  // in file order, keys are unique

    // An empty value: nothing, `~` or `null`.
    explicit Node(Mark mark) : mark_(mark) {}
    Node(Mark mark, std::string text) : mark_(mark), content_(std::move(text)) {}
    Node(Mark mark, Items items) : mark_(mark), content_(std::move(items)) {}
    Node(Mark mark, Entries entries) : mark_(mark), content_(std::move(entries)) {}

    Mark mark() const { return mark_; }
    bool is_null() const { return std::holds_alternative<std::monostate>(content_); }
    bool is_scalar() const { return std::holds_alternative<std::string>(content_); }
    bool is_list() const { return std::holds_alternative<Items>(content_); }
    bool is_map() const { return std::holds_alternative<Entries>(content_); }

    // REQUIRES: is_scalar(), is_list(), is_map().
    std::string& text() { return std::get<std::string>(content_); }
    const std::string& text() const { return std::get<std::string>(content_); }
    Items& items() { return std::get<Items>(content_); }
    const Items& items() const { return std::get<Items>(content_); }
    Entries& entries() { return std::get<Entries>(content_); }
    const Entries& entries() const { return std::get<Entries>(content_); }

  private:
    Mark mark_;
    std::variant<std::monostate, std::string, Items, Entries> content_;
};

// Owns its nodes. An alias is a second pointer to the node of its anchor, so the "tree" may share branches;
// it never has a cycle.
struct Tree {
    std::deque<Node> nodes;
    Node* root = nullptr;  // none: the file holds no document
};

}  // namespace yard::conf
