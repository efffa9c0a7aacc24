// JSON behind a thin header: RapidJSON stays in json.cc, what needs none of it is in json_value.cc.
//
// Two shapes: Json, a value for reading requests and replies; JsonWriter, which writes text straight away for
// large replies (no tree). Not thread safe; distinct objects may be used by distinct threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace yard::varlink {

inline constexpr size_t kMaxJsonDepth = 32;

class Json {
  public:
    using Array = std::vector<Json>;
    using Member = std::pair<std::string, Json>;
    using Object = std::vector<Member>;  // in document order

    Json();  // null
    Json(const Json&);
    Json(Json&&) noexcept;
    Json& operator=(const Json&);
    Json& operator=(Json&&) noexcept;
    ~Json();
    Json(bool v) : value_(v) {}
    Json(int v) : value_(static_cast<int64_t>(v)) {}
    Json(int64_t v) : value_(v) {}
    Json(double v) : value_(v) {}
    Json(const char* v) : value_(std::string(v)) {}
    Json(std::string v) : value_(std::move(v)) {}
    Json(Array v) : value_(std::move(v)) {}
    Json(Object v) : value_(std::move(v)) {}

    // One complete document: valid UTF-8, at most kMaxJsonDepth deep, no duplicate members, nothing behind it but
    // white space. The error says what and at which byte. Iterative: no input can overflow the stack.
    static Result<Json> parse(std::string_view text);
    std::string dump() const;

    bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
    bool is_bool() const { return std::holds_alternative<bool>(value_); }
    bool is_int() const { return std::holds_alternative<int64_t>(value_); }
    bool is_number() const { return is_int() || std::holds_alternative<double>(value_); }
    bool is_string() const { return std::holds_alternative<std::string>(value_); }
    bool is_array() const { return std::holds_alternative<Array>(value_); }
    bool is_object() const { return std::holds_alternative<Object>(value_); }

    // The value, or the fallback when it is of another type.
    bool as_bool(bool fallback = false) const;
    int64_t as_int(int64_t fallback = 0) const;
    double as_double(double fallback = 0) const;  // an int counts
    const std::string& as_string() const;         // empty when no string
    const Array& as_array() const;                // empty when no array
    const Object& as_object() const;              // empty when no object

    // The member, or a null value when this is no object or has no such member.
    const Json& operator[](std::string_view key) const;
    bool has(std::string_view key) const { return !(*this)[key].is_null(); }

    // Moves a member's value out and leaves null; null when there is no such member.
    Json take(std::string_view key);
    // Adds or replaces a member. REQUIRES: null (becomes an object) or object.
    Json& set(std::string key, Json value);

  private:
    std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> value_;
};

class JsonWriter {
  public:
    JsonWriter();
    ~JsonWriter();
    JsonWriter(JsonWriter&&) noexcept;
    JsonWriter& operator=(JsonWriter&&) noexcept;

    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    JsonWriter& key(std::string_view name);
    JsonWriter& null();
    JsonWriter& value(bool v);
    JsonWriter& value(int64_t v);
    JsonWriter& value(int v) { return value(static_cast<int64_t>(v)); }
    JsonWriter& value(uint32_t v) { return value(static_cast<int64_t>(v)); }
    JsonWriter& value(uint64_t v);
    JsonWriter& value(double v);
    // Bytes that are not valid UTF-8 become U+FFFD: the output is always valid.
    JsonWriter& value(std::string_view v);
    JsonWriter& value(const char* v) { return value(std::string_view(v)); }
    JsonWriter& value(const std::string& v) { return value(std::string_view(v)); }
    JsonWriter& value(const Json& v);

    template <typename T>
    JsonWriter& member(std::string_view name, const T& v) {
        return key(name).value(v);
    }

    // The text so far. REQUIRES: a complete document.
    std::string take();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace yard::varlink
