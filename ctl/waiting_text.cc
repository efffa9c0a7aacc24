#include "ctl/waiting_text.h"

#include <algorithm>
#include <vector>

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

// "waits until 2 others are down: api, db", of one or several `nouns`; empty: of none.
std::string waits_until_down(const std::vector<std::string>& names, const char* one, const char* several) {
    if (names.empty()) return "";
    std::string text =
        "waits until " + std::to_string(names.size()) + " " + (names.size() == 1 ? one : several);
    for (size_t i = 0; i < std::min(names.size(), kNamesShown); ++i) {
        text += (i == 0 ? " down: " : ", ") + names[i];
    }
    if (names.size() > kNamesShown) text += " and " + std::to_string(names.size() - kNamesShown) + " more";
    return text;
}

std::string others_going_down(const Json& named, const Json& all) {
    std::set<std::string> of_the_request;
    for (const Json& service : named.as_array()) of_the_request.insert(service["name"].as_string());
    std::vector<std::string> names;
    for (const Json& service : all.as_array()) {
        const std::string& name = service["name"].as_string();
        if (service["state"].as_string() == "stopping" && !of_the_request.contains(name))
            names.push_back(name);
    }
    return waits_until_down(names, "other is", "others are");
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

std::string shutdown_text(const Json& all, Duration took) {
    std::vector<std::string> names;
    for (const Json& service : all.as_array()) {
        if (service["pid"].is_int() || service["state"].as_string() == "stopping")
            names.push_back(service["name"].as_string());
    }
    const std::string text = waits_until_down(names, "service is", "services are");
    return text.empty() ? "" : text + " \u2026 " + age_words(took);
}

}  // namespace yard::ctl
