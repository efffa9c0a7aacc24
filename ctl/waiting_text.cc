#include "ctl/waiting_text.h"

#include <algorithm>

#include "ctl/time_text.h"

namespace yard::ctl {
namespace {

using varlink::Json;

constexpr size_t kNamesShown = 3;

bool is_on_its_way(const std::string& state) {
    return state == "waiting" || state == "starting" || state == "stopping" || state == "backoff";
}

// Up and to go down, but has not begun to: what requires it stops first.
bool is_held_up(const Operation& operation, const Json& service) {
    return operation.takes_down && service["state"].as_string() == "running" &&
           !operation.moved.contains(service["name"].as_string());
}

std::string others_going_down(const Json& named, const Json& all) {
    std::set<std::string> of_the_request;
    for (const Json& service : named.as_array()) of_the_request.insert(service["name"].as_string());
    size_t count = 0;
    std::string names;
    for (const Json& service : all.as_array()) {
        const std::string& name = service["name"].as_string();
        if (service["state"].as_string() != "stopping" || of_the_request.contains(name)) continue;
        if (++count <= kNamesShown) names += (names.empty() ? "" : ", ") + name;
    }
    if (count == 0) return "";
    if (count > kNamesShown) names += " ...";
    return "waits until " + std::to_string(count) + (count == 1 ? " other is" : " others are") +
           " down: " + names;
}

std::string words_for(const Operation& operation, const Json& service, const Json& named, const Json& all) {
    const std::string& state = service["state"].as_string();
    const std::string& reason = service["reason"].as_string();
    if (is_held_up(operation, service)) {
        const std::string others = others_going_down(named, all);
        return others.empty() ? "is to stop" : others;
    }
    // Why it stops is known to who ordered it, and a service that waits says for what.
    if (state == "stopping" || reason.empty()) return state;
    return state == "waiting" ? reason : state + ", " + reason;
}

bool is_awaited(const Operation& operation, const Json& service) {
    return is_on_its_way(service["state"].as_string()) || is_held_up(operation, service);
}

}  // namespace

bool waits_for_others(const Operation& operation, const Json& named) {
    return std::ranges::any_of(named.as_array(),
                               [&](const Json& service) { return is_held_up(operation, service); });
}

std::string waiting_text(const Operation& operation, const Json& named, const Json& all, Duration took) {
    const Json* first = nullptr;
    size_t more = 0;
    for (const Json& service : named.as_array()) {
        if (!is_awaited(operation, service)) continue;
        if (first == nullptr) {
            first = &service;
        } else {
            ++more;
        }
    }
    if (first == nullptr) return "";
    std::string text = (*first)["name"].as_string() + ": " + words_for(operation, *first, named, all);
    if (more > 0) text += " (and " + std::to_string(more) + " more)";
    return text + " \u2026 " + age_words(took);
}

}  // namespace yard::ctl
