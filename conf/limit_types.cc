// The part of service_types.h that is about resource limits.
#include <sys/resource.h>

#include "conf/service_types.h"

namespace yard::conf {
namespace {

using Unit = LimitKind::Unit;

std::string expected_words(Unit unit) {
    switch (unit) {
        case Unit::count:
            return "a number, \"unlimited\" or [soft, hard]";
        case Unit::bytes:
            return "a size such as 64MiB, \"unlimited\" or [soft, hard]";
        case Unit::seconds:
            return "a number of seconds, a duration such as 10s, \"unlimited\" or [soft, hard]";
        case Unit::microseconds:
            return "a number of microseconds, a duration such as 10ms, \"unlimited\" or [soft, hard]";
    }
    return {};
}

Result<uint64_t> parse_plain(const std::string& text) {
    const auto number = parse_integer(text);
    if (!number || *number < 0) return fail("");
    return static_cast<uint64_t>(*number);
}

Result<uint64_t> parse_amount(const std::string& text, Unit unit) {
    if (text == "unlimited") return uint64_t{RLIM_INFINITY};
    if (unit == Unit::bytes) return parse_size(text);
    if (auto plain = parse_plain(text); plain || unit == Unit::count) return plain;
    const auto time = parse_duration(text);
    if (!time) return fail(time.error());
    const auto milliseconds = static_cast<uint64_t>(time->count());
    if (unit == Unit::microseconds) return std::min<uint64_t>(milliseconds, INT64_MAX / 1000) * 1000;
    if (milliseconds % 1000 != 0) return fail("it counts in whole seconds");
    return milliseconds / 1000;
}

Value show_amount(uint64_t amount, Unit unit) {
    if (amount == RLIM_INFINITY) return Value{std::string("unlimited")};
    return unit == Unit::bytes ? Value{write_size(amount)} : Value{static_cast<int64_t>(amount)};
}

}  // namespace

Type<Rlimit> limit(const LimitKind& kind) {
    const std::string expected = expected_words(kind.unit);
    const auto amount = scalar<uint64_t>(
        {"limit", expected, {"unlimited"}, {}},
        [unit = kind.unit](const std::string& text) { return parse_amount(text, unit); },
        [unit = kind.unit](const uint64_t& value) { return show_amount(value, unit); });
    auto read = [inner = amount.read, resource = kind.resource, expected](
                    const Node& node, Reader& reader) -> std::optional<Rlimit> {
        if (!node.is_list()) {
            const auto both = inner(node, reader);
            return both ? std::optional(Rlimit{resource, *both, *both}) : std::nullopt;
        }
        if (node.items().size() != 2) {
            reader.expected(expected, node);
            return {};
        }
        const auto soft = inner(*node.items()[0], reader), hard = inner(*node.items()[1], reader);
        if (!soft || !hard) return {};
        if (*soft <= *hard) return Rlimit{resource, *soft, *hard};
        reader.error(node.mark(), "the soft limit is above the hard one; expected [soft, hard]");
        return {};
    };
    auto show = [inner = amount.show](const Rlimit& value) {
        if (value.soft == value.hard) return inner(value.soft);
        return Value{Value::List{inner(value.soft), inner(value.hard)}};
    };
    return {amount.shape, std::move(read), std::move(show)};
}

}  // namespace yard::conf
