#include "conf/object_types.h"

#include <algorithm>
#include <cctype>

namespace yard::conf {
namespace {

const Type<ObjectUse>& use() {
    static const Type<ObjectUse> type = words<ObjectUse>({{"consume", ObjectUse::consume},
                                                          {"produce", ObjectUse::produce},
                                                          {"use", ObjectUse::use},
                                                          {"read", ObjectUse::read},
                                                          {"write", ObjectUse::write}});
    return type;
}

using Uses = std::map<std::string, ObjectUse>;

std::optional<Uses> read_uses(const Node& node, Reader& reader) {
    Uses uses;
    if (node.is_null()) return uses;
    if (!node.is_map()) {
        const std::string proposal = node.is_scalar() ? "write {" + node.text() + ": use}" : "";
        reader.expected("a map such as {jobs: consume}", node, proposal);
        return {};
    }
    for (const auto& [name, mark, value] : node.entries()) {
        reader.item(mark);
        uses[name] = use().read(*value, reader).value_or(ObjectUse::use);
    }
    return uses;
}

Value show_uses(const Uses& uses) {
    Value::Map shown;
    for (const auto& [name, how] : uses) shown.push_back({name, use().show(how)});
    return shown.empty() ? Value{} : Value{std::move(shown)};
}

bool is_word(std::string_view word) {
    const auto fits = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
    };
    return !word.empty() && word[0] != '.' && word[0] != '-' && std::all_of(word.begin(), word.end(), fits);
}

}  // namespace

std::string object_name_fault(const std::string& name) {
    if (name.empty()) return "an object needs a name";
    if (name.size() > kMaxObjectName)
        return "a name has at most " + std::to_string(kMaxObjectName) + " characters";
    for (size_t at = 0; at <= name.size();) {
        const size_t slash = std::min(name.find('/', at), name.size());
        if (!is_word(std::string_view(name).substr(at, slash - at)))
            return "expected letters, digits, dot, dash and _ (neither dot nor dash first), with / between "
                   "words";
        at = slash + 1;
    }
    return "";
}

const std::vector<std::string>& object_kinds() {
    static const std::vector<std::string> kinds{"queue", "semaphore", "lock", "event", "shm", "pipe"};
    return kinds;
}

std::string with_article(const std::string& kind) {
    return (kind == "event" ? "an " : "a ") + kind;
}

Type<std::string> object_name() {
    const auto parse = [](const std::string& name) -> Result<std::string> {
        const std::string fault = object_name_fault(name);
        if (!fault.empty()) return fail(fault);
        return name;
    };
    return scalar<std::string>({"object", "the name of an object", {}, {}}, parse,
                               [](const std::string& name) { return name.empty() ? Value{} : Value{name}; });
}

Type<Uses> object_uses() {
    return {{"uses", "a map such as {jobs: consume}", use().shape.words, {}}, read_uses, show_uses};
}

}  // namespace yard::conf
