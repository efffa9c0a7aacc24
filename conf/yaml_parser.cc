#include "conf/yaml_parser.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <istream>
#include <streambuf>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "conf/plain_text.h"

namespace yard::conf {
namespace {

// Ends the parsing of this file; thrown through yaml-cpp and caught in parse_yaml.
struct Refused {
    Mark mark;
    std::string message;
};

class TreeBuilder : public YAML::EventHandler {
  public:
    TreeBuilder(Tree& tree, size_t max_nodes, uint32_t file, Report& report)
        : tree_(tree), max_nodes_(max_nodes), file_(file), report_(report) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) {
            throw Refused{at(mark), "a second document begins here; expected one document (remove the ---)"};
        }
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (awaits_key()) throw Refused{at(mark), "a key is missing; expected a word before the colon"};
        // yaml-cpp puts an empty value where the next token is; its key is what the reader looks for.
        const bool has_key = !open_.empty() && open_.back().node->is_map();
        Node& node = tree_.nodes.emplace_back(has_key ? open_.back().key_mark : at(mark));
        place(node, 1);
        remember(anchor, node, 1);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (awaits_key()) throw Refused{at(mark), "an alias cannot be a key; expected plain text"};
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) {
            throw Refused{at(mark),
                          "this alias stands inside what it refers to; expected an anchor that is complete"};
        }
        nodes_ += found->second.weight;
        check_budget(at(mark));
        place(*found->second.node, found->second.weight);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check_tag(mark, tag);
        if (value.find('\0') != std::string::npos) {
            throw Refused{at(mark), "the text contains a NUL byte; no argument, path or name can"};
        }
        if (awaits_key()) {
            if (anchor != YAML::NullAnchor) remember(anchor, tree_.nodes.emplace_back(at(mark), value), 1);
            open_.back().key = value;
            open_.back().key_mark = at(mark);
            open_.back().has_key = true;
            return;
        }
        Node& node = tree_.nodes.emplace_back(at(mark), value);
        place(node, 1);
        remember(anchor, node, 1);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, tree_.nodes.emplace_back(at(mark), Node::Items{}));
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, tree_.nodes.emplace_back(at(mark), Node::Entries{}));
    }
    void OnMapEnd() override {
        Node::Entries& entries = open_.back().node->entries();
        refuse_duplicates(entries);
        merge(entries);
        close();
    }

  private:
    struct Open {
        Node* node;
        YAML::anchor_t anchor;
        uint64_t weight;  // nodes in it, aliases followed
        std::string key;
        Mark key_mark;
        bool has_key;
    };
    struct Anchored {
        Node* node;
        uint64_t weight;
    };

    Mark at(const YAML::Mark& mark) const {
        return {file_, static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1)};
    }

    bool awaits_key() const { return !open_.empty() && open_.back().node->is_map() && !open_.back().has_key; }

    void check_tag(const YAML::Mark& mark, const std::string& tag) const {
        // yaml-cpp says "?" for plain and "!" for quoted scalars.
        if (tag.empty() || tag == "?" || tag == "!") return;
        throw Refused{at(mark), "the tag " + in_quotes(tag) + " has no meaning here; remove it"};
    }

    void check_budget(Mark mark) const {
        if (nodes_ <= max_nodes_) return;
        throw Refused{mark, "the aliases multiply to more than " + std::to_string(max_nodes_) +
                                " values; expected a file that is about as large as what it describes"};
    }

    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node& node) {
        check_tag(mark, tag);
        if (awaits_key()) throw Refused{at(mark), "a list or map cannot be a key; expected plain text"};
        if (open_.size() >= kMaxDepth) {
            throw Refused{at(mark),
                          "nested too deeply; expected at most " + std::to_string(kMaxDepth) + " levels"};
        }
        open_.push_back({&node, anchor, 1, {}, {}, false});
    }

    void close() {
        const Open closed = std::move(open_.back());
        open_.pop_back();
        // Only now may an alias refer to it: it is complete.
        remember(closed.anchor, *closed.node, closed.weight);
        place(*closed.node, closed.weight);
    }

    void remember(YAML::anchor_t anchor, Node& node, uint64_t weight) {
        if (anchor != YAML::NullAnchor) anchors_[anchor] = {&node, weight};
    }

    void place(Node& node, uint64_t weight) {
        if (open_.empty()) {
            tree_.root = &node;
            return;
        }
        Open& parent = open_.back();
        parent.weight += weight;
        if (parent.node->is_list()) {
            parent.node->items().push_back(&node);
        } else {
            parent.node->entries().push_back({std::move(parent.key), parent.key_mark, &node});
            parent.has_key = false;
        }
    }

    // Reports and removes the later ones.
    void refuse_duplicates(Node::Entries& entries) {
        std::vector<const Node::Entry*> sorted;
        for (const Node::Entry& entry : entries) sorted.push_back(&entry);
        const auto before = [](const Node::Entry* a, const Node::Entry* b) {
            return std::tie(a->key, a->key_mark) < std::tie(b->key, b->key_mark);
        };
        std::sort(sorted.begin(), sorted.end(), before);
        std::unordered_set<const Node::Entry*> repeated;
        for (size_t i = 1, first = 0; i < sorted.size(); ++i) {
            if (sorted[i]->key != sorted[first]->key) {
                first = i;
                continue;
            }
            repeated.insert(sorted[i]);
            report_.error(sorted[i]->key_mark,
                          "the key " + in_quotes(sorted[i]->key) + " is already given in line " +
                              std::to_string(sorted[first]->key_mark.line) + "; keep one");
        }
        if (repeated.empty()) return;
        std::erase_if(entries, [&](const Node::Entry& entry) { return repeated.count(&entry) != 0; });
    }

    void merge(Node::Entries& entries) {
        const auto is_merge = [](const Node::Entry& entry) { return entry.key == "<<"; };
        const auto found = std::find_if(entries.begin(), entries.end(), is_merge);
        if (found == entries.end()) return;
        Node* source = found->value;
        const Mark mark = found->key_mark;
        entries.erase(found);
        std::unordered_set<std::string> keys;
        for (const Node::Entry& entry : entries) keys.insert(entry.key);
        const Node::Items sources = source->is_list() ? source->items() : Node::Items{source};
        for (const Node* map : sources) {
            if (!map->is_map()) {
                report_.error(mark, "<<: expected a map or a list of maps, usually an alias such as *common");
                continue;
            }
            for (const Node::Entry& entry : map->entries()) {
                if (keys.insert(entry.key).second) entries.push_back(entry);
            }
        }
    }

    Tree& tree_;
    const size_t max_nodes_;
    const uint32_t file_;
    Report& report_;
    int documents_ = 0;
    uint64_t nodes_ = 0;  // that aliases stand for
    std::vector<Open> open_;
    std::unordered_map<YAML::anchor_t, Anchored> anchors_;
};

// Lets yaml-cpp read the text where it is.
struct TextBuffer : std::streambuf {
    explicit TextBuffer(std::string& text) { setg(text.data(), text.data(), text.data() + text.size()); }
};

// `line` counts from 0.
bool tab_indents_line(std::string_view text, int line) {
    for (; line > 0; --line) {
        const size_t end = text.find('\n');
        if (end == std::string_view::npos) return false;
        text.remove_prefix(end + 1);
    }
    return text.substr(0, text.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

// yaml-cpp's words, and ours where its are hard to act on.
std::string syntax_message(const std::string& words) {
    static constexpr std::array<std::pair<const char*, const char*>, 7> kClearer{{
        {"end of map not found",
         "this does not belong to the map above it; check the indentation and the colons"},
        {"end of sequence not found",
         "this does not belong to the list above it; check the indentation and the dashes"},
        {"end of map flow not found",
         "expected a comma or } here; close the map, or quote text with a colon"},
        {"end of sequence flow not found", "expected a comma or ] here"},
        {"illegal flow end", "this bracket does not fit the one that is open"},
        {"illegal map value",
         "this colon does not fit here; check the indentation, or quote text with a colon"},
        {"illegal EOF in scalar", "a text that begins with a quote has no closing quote"},
    }};
    for (const auto& [theirs, ours] : kClearer) {
        if (words == theirs) return std::string("not valid YAML: ") + ours;
    }
    return "not valid YAML: " + words;
}

}  // namespace

std::optional<Tree> parse_yaml(std::string text, uint32_t file, Report& report) {
    if (text.size() > kMaxFileSize) {
        report.error({file, 0, 0}, "the file is larger than " + std::to_string(kMaxFileSize >> 20) + "MiB");
        return {};
    }
    if (const auto fault = find_text_fault(text)) {
        report.error({file, fault->line, fault->column}, fault->message);
        return {};
    }
    Tree tree;
    TreeBuilder builder(tree, kNodeAllowance + text.size(), file, report);
    try {
        TextBuffer buffer(text);
        std::istream stream(&buffer);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
        return tree;
    } catch (const Refused& refused) {
        report.error(refused.mark, refused.message);
    } catch (const YAML::Exception& error) {
        const Mark mark{file, static_cast<uint32_t>(std::max(error.mark.line, 0) + 1),
                        static_cast<uint32_t>(std::max(error.mark.column, 0) + 1)};
        const bool tab = tab_indents_line(text, std::max(error.mark.line, 0));
        report.error(mark,
                     tab ? "not valid YAML: a tab indents this line; use spaces" : syntax_message(error.msg));
    } catch (const std::exception& error) {
        report.error({file, 0, 0}, std::string("cannot be read as YAML: ") + error.what());
    }
    return {};
}

}  // namespace yard::conf
