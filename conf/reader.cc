#include "conf/reader.h"

namespace yard::conf {
namespace {

std::string described(const Node& node) {
    if (node.is_scalar()) return in_quotes(node.text());
    if (node.is_list()) return "a list";
    return "a map";
}

}  // namespace

void Reader::expected(const std::string& what, const Node& instead, const std::string& proposal) {
    const std::string but = instead.is_null() ? ", but there is no value" : ", not " + described(instead);
    error(instead.mark(), with_proposal("expected " + what + but, proposal));
}

void Reader::error(Mark mark, const std::string& message) {
    report_.error(mark, key_ + ": " + message);
}

}  // namespace yard::conf
