#include "conf/object_options.h"

#include <algorithm>

#include "conf/checks.h"
#include "conf/object_types.h"
#include "conf/section_reader.h"

namespace yard::conf {
namespace {

// No key of an object reads a file.
class NoSource final : public Source {
  public:
    Result<std::string> read_file(const std::string& path) override { return fail("cannot read " + path); }
    Result<std::vector<std::string>> list_yaml(const std::string&) override {
        return std::vector<std::string>{};
    }
    std::optional<std::string> variable(const std::string&) override { return {}; }
};

}  // namespace

Result<ObjectConfig> read_object(const std::string& name, const std::string& kind,
                                 const ObjectOptions& options) {
    const std::string fault = object_name_fault(name);
    if (!fault.empty()) return fail(in_quotes(name) + " cannot be the name of an object: " + fault);
    const auto& kinds = object_kinds();
    const auto found = std::find(kinds.begin(), kinds.end(), kind);
    if (found == kinds.end())
        return fail(with_proposal("there is no kind " + in_quotes(kind) + "; expected " + either(kinds),
                                  did_you_mean(kind, kinds)));
    Report report;
    const Mark whole{report.number_of(""), 1, 1};
    std::deque<Node> nodes;
    Node::Entries keys;
    for (const auto& [key, text] : options) {
        const Mark mark{whole.file, 1, static_cast<uint32_t>(keys.size()) + 2};  // so that each is heard
        keys.push_back({key, mark, &nodes.emplace_back(mark, text)});
    }
    Node section(whole, std::move(keys));
    const Node map(whole, Node::Entries{{kind, whole, &section}});
    NoSource source;
    Reader reader(report, source, "", false);
    Draft<ObjectConfig> draft;
    draft.config.name = name;
    draft.config.kind = static_cast<ObjectConfig::Kind>(found - kinds.begin());
    draft.mark = whole;
    read_section(map, object_table(), draft, reader);
    check_object(draft, report);
    const std::vector<Diagnostic> mistakes = report.diagnostics();
    if (!mistakes.empty()) return fail(mistakes.front().message);
    return std::move(draft.config);
}

}  // namespace yard::conf
