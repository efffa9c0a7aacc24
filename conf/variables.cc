#include "conf/variables.h"

#include <cctype>

#include "conf/plain_text.h"
#include "conf/yaml_parser.h"

namespace yard::conf {
namespace {

bool starts_name(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
}
bool continues_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// What stands behind a "${".
struct Reference {
    std::string name;
    std::optional<std::string> fallback;
    size_t size;  // to behind the "}"
};

// Nothing when it is no reference of ours but, say, a ${x#y} for a shell.
std::optional<Reference> parse_reference(std::string_view text) {
    size_t end = 0;
    if (text.empty() || !starts_name(text[0])) return {};
    while (end < text.size() && continues_name(text[end])) ++end;
    const std::string name(text.substr(0, end));
    const std::string_view rest = text.substr(end);
    if (rest.starts_with('}')) return Reference{name, {}, end + 1};
    const size_t close = rest.find('}');
    if (!rest.starts_with(":-") || close == std::string_view::npos) return {};
    return Reference{name, std::string(rest.substr(2, close - 2)), end + close + 1};
}

class Replacer {
  public:
    Replacer(Source& source, Report& report) : source_(source), report_(report) {}

    void replace(Node& node) {
        const std::string& text = node.text();
        size_t at = text.find("${");
        if (at == std::string::npos) return;
        std::string result;
        size_t copied = 0;
        for (; at != std::string::npos; at = text.find("${", at)) {
            if (at > copied && text[at - 1] == '$') {
                result.append(text, copied, at - 1 - copied);
                copied = at;
                at += 2;
                continue;
            }
            const auto reference = parse_reference(std::string_view(text).substr(at + 2));
            at += 2;
            if (!reference) continue;
            result.append(text, copied, at - 2 - copied);
            result += value_of(*reference, node.mark());
            at += reference->size;
            copied = at;
        }
        result.append(text, copied);
        node.text() = std::move(result);
    }

  private:
    std::string value_of(const Reference& reference, Mark mark) {
        const auto value = source_.variable(reference.name);
        if (reference.fallback && (!value || value->empty())) return *reference.fallback;
        if (!value) {
            report_.error(mark, "the variable " + reference.name + " is not set; expected ${" +
                                    reference.name + ":-default}, or $${" + reference.name +
                                    "} to mean the text itself");
            return {};
        }
        inserted_ += value->size();
        if (const auto fault = find_text_fault(*value)) {
            report_.error(mark, "the variable " + reference.name + " holds bytes that are not text");
            return {};
        }
        if (inserted_ > kMaxFileSize) {
            report_.error(mark, "the variables of this file add up to more than " +
                                    std::to_string(kMaxFileSize >> 20) + "MiB");
            return {};
        }
        return *value;
    }

    Source& source_;
    Report& report_;
    size_t inserted_ = 0;
};

}  // namespace

void replace_variables(Tree& tree, Source& source, Report& report) {
    Replacer replacer(source, report);
    for (Node& node : tree.nodes) {
        if (node.is_scalar()) replacer.replace(node);
    }
}

}  // namespace yard::conf
