#include "conf/reader.h"

namespace yard::conf {
namespace {

std::string described(const Node& node) {
    if (node.is_scalar()) return in_quotes(node.text());
    if (node.is_list()) return "a list";
    return node.is_map() ? "a map" : "nothing";
}

}  // namespace

void Reader::expected(const std::string& what, const Node& instead, const std::string& proposal) {
    error(instead.mark(), with_proposal("expected " + what + ", not " + described(instead), proposal));
}

void Reader::error(Mark mark, const std::string& message) {
    report_.error(mark, key_ + ": " + message);
}

}  // namespace yard::conf
