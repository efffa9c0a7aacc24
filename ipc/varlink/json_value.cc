#include <algorithm>

#include "ipc/varlink/json.h"

namespace yard::varlink {

// Out of line, because GCC 12 sees uninitialized members where it inlines the moves of a variant into
// RapidJSON's reader.
Json::Json() = default;
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

bool Json::as_bool(bool fallback) const {
    const bool* v = std::get_if<bool>(&value_);
    return v != nullptr ? *v : fallback;
}

int64_t Json::as_int(int64_t fallback) const {
    const int64_t* v = std::get_if<int64_t>(&value_);
    return v != nullptr ? *v : fallback;
}

double Json::as_double(double fallback) const {
    if (is_int()) return static_cast<double>(as_int());
    const double* v = std::get_if<double>(&value_);
    return v != nullptr ? *v : fallback;
}

const std::string& Json::as_string() const {
    static const std::string kEmpty;
    const std::string* v = std::get_if<std::string>(&value_);
    return v != nullptr ? *v : kEmpty;
}

const Json::Array& Json::as_array() const {
    static const Array kEmpty;
    const Array* v = std::get_if<Array>(&value_);
    return v != nullptr ? *v : kEmpty;
}

const Json::Object& Json::as_object() const {
    static const Object kEmpty;
    const Object* v = std::get_if<Object>(&value_);
    return v != nullptr ? *v : kEmpty;
}

const Json& Json::operator[](std::string_view key) const {
    static const Json kNull;
    for (const Member& member : as_object()) {
        if (member.first == key) return member.second;
    }
    return kNull;
}

Json Json::take(std::string_view key) {
    if (Object* members = std::get_if<Object>(&value_)) {
        for (Member& member : *members) {
            if (member.first == key) return std::exchange(member.second, Json());
        }
    }
    return Json();
}

Json& Json::set(std::string key, Json value) {
    if (is_null()) value_ = Object();
    Object& members = std::get<Object>(value_);
    const auto same =
        std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.first == key; });
    if (same != members.end()) {
        same->second = std::move(value);
    } else {
        members.emplace_back(std::move(key), std::move(value));
    }
    return *this;
}

}  // namespace yard::varlink
