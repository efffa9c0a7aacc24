#include "ctl/service_table.h"

#include <algorithm>

#include "ctl/service_view.h"

namespace yard::ctl {
namespace {

using varlink::Json;

// What wants a person to look comes first; what is on its way up or down is one group.
struct Place {
    std::string_view state;
    size_t group;
};
constexpr Place kByAttention[] = {{"failed", 0},    {"backoff", 1},  {"waiting", 2},
                                  {"starting", 2},  {"stopping", 2}, {"running", 3},
                                  {"completed", 4}, {"stopped", 5},  {"other", 6}};

size_t place_of(std::string_view state) {
    const auto* last = std::end(kByAttention) - 1;
    const auto* found = std::find_if(std::begin(kByAttention), last,
                                     [&](const Place& place) { return place.state == state; });
    return static_cast<size_t>(found - std::begin(kByAttention));
}

Table empty_table() {
    constexpr auto kRight = Column::Align::right;
    return Table({{.title = "NAME", .narrowest = 8},
                  {.title = "STATE"},
                  {.title = "PID", .align = kRight},
                  {.title = "SINCE", .align = kRight, .goes = 4},
                  {.title = "RESTARTS", .align = kRight, .goes = 2},
                  {.title = "EXIT", .align = kRight, .goes = 3},
                  {.title = "NICE", .align = kRight, .goes = 1},
                  {.title = "REASON/STATUS", .narrowest = 13}});
}

}  // namespace

void ServiceTable::add(const Json& service, WallTime now) {
    const std::string& state = service["state"].as_string();
    const size_t place = place_of(state);
    ++counts_[place];
    const size_t group = order_ == Order::by_attention ? kByAttention[place].group : 0;
    groups_[group].push_back({service["name"].as_string(),
                              {state, state_colour(state)},
                              number_or_dash(service["pid"]),
                              age_of(service, now),
                              number_or_dash(service["restarts"]),
                              exit_words(service["exit"]),
                              number_or_dash(service["nice"]),
                              words_of(service)});
}

std::string ServiceTable::draw(const Terminal& terminal) {
    Table table = empty_table();
    bool is_first = true;
    for (std::vector<Row>& group : groups_) {
        if (!group.empty() && !std::exchange(is_first, false)) table.leave_a_line();
        for (Row& row : group) table.add(std::move(row));
    }
    return table.draw(terminal);
}

std::string ServiceTable::summary(const Terminal& terminal) const {
    std::string text;
    for (size_t place = 0; place < counts_.size(); ++place) {
        if (counts_[place] == 0) continue;
        const std::string_view state = kByAttention[place].state;
        const std::string words = std::to_string(counts_[place]) + " " + std::string(state);
        text += (text.empty() ? "" : ", ") + terminal.paint(words, state_colour(state));
    }
    return text.empty() ? "no services" : text;
}

}  // namespace yard::ctl
