#include "engine/graph/words.h"

#include <algorithm>
#include <charconv>

#include "base/signal_number.h"
#include "base/text.h"

namespace yard::engine::graph {

Words& Words::operator<<(std::string_view text) {
    const size_t size = std::min(text.size(), sizeof text_ - size_);
    std::memcpy(text_ + size_, text.data(), size);
    size_ += size;
    return *this;
}

Words& Words::operator<<(uint64_t number) {
    char digits[24];
    return *this << std::string_view(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

// format_duration and signal_name give strings short enough to live without the heap.
Words& Words::operator<<(Duration duration) {
    return *this << std::string_view(format_duration(duration));
}

Words& Words::operator<<(ExitStatus status) {
    if (status.is_exit()) return *this << "exit " << static_cast<uint64_t>(status.code());
    if (!status.is_signal()) return *this << "ended, nobody saw how";
    *this << "killed by " << std::string_view(signal_name(status.signal()));
    return status.dumped_core() ? *this << " (core dumped)" : *this;
}

Words waiting_for(const Edge& edge, const Node& dependency) {
    Words words;
    words << "waiting for " << dependency.name;
    if (edge.kind == EdgeKind::conflicts) return words << " to be down: they conflict";
    const bool oneshot = dependency.config.oneshot;
    switch (edge.condition) {
        case conf::Condition::started:
            return words << " to start";
        case conf::Condition::ready:
            return words << (oneshot ? " to complete" : " to be ready");
        case conf::Condition::completed:
            return words << " to complete";
    }
    return words;
}

Words requires_missing(const Node& dependency) {
    const ServiceFacts& facts = dependency.facts;
    Words words;
    words << "requires " << dependency.name << ", which ";
    if (facts.hold != Hold::dependency) words << (facts.actual == State::failed ? "failed" : "is to be down");
    if (facts.hold != Hold::dependency && !facts.reason.empty()) words << ": ";
    return words << facts.reason.view();
}

}  // namespace yard::engine::graph
