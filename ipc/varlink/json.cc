#include "ipc/varlink/json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#include <rapidjson/stream.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>

namespace yard::varlink {
namespace {

// The length of the valid UTF-8 sequence at the front of `text` (RFC 3629: no overlong forms, no surrogates,
// at most U+10FFFF); 0 if there is none. REQUIRES: not empty.
size_t utf8_sequence(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
    for (size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    const bool beyond = first == 0xF4 && byte(1) > 0x8F;
    return overlong || surrogate || beyond ? 0 : size;
}

// Are these eight bytes ASCII? Most text is.
bool is_ascii(const char* eight) {
    uint64_t bytes;
    std::memcpy(&bytes, eight, sizeof bytes);
    return (bytes & 0x8080808080808080) == 0;
}

size_t valid_utf8_prefix(std::string_view text) {
    size_t at = 0;
    while (at < text.size()) {
        while (text.size() - at >= sizeof(uint64_t) && is_ascii(text.data() + at)) at += sizeof(uint64_t);
        if (at == text.size()) break;
        const size_t size = utf8_sequence(text.substr(at));
        if (size == 0) break;
        at += size;
    }
    return at;
}

constexpr size_t kFewMembers = 32;

// Builds the value from the reader's events. Open containers are frames on a stack of at most kMaxJsonDepth,
// so the depth of the input is bounded here and not by the stack of the thread. What they hold so far lies on
// two stacks of their own, so that each container is allocated once, in its final size.
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
  public:
    bool Null() { return add(Json()); }
    bool Bool(bool v) { return add(Json(v)); }
    // Numbers come as text, because the reader's own exact conversion has undefined behaviour for some of
    // them.
    bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
        const char* const end = text + size;
        int64_t integer = 0;
        if (const auto [at, error] = std::from_chars(text, end, integer); at == end && error == std::errc()) {
            return add(Json(integer));
        }
        double number = 0;
        if (std::from_chars(text, end, number).ec == std::errc()) return add(Json(number));
        problem_ = "the number " + std::string(text, size) + " is out of range";
        return false;
    }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        return is_utf8({text, size}) && add(Json(std::string(text, size)));
    }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        if (!is_utf8({text, size})) return false;
        members_.emplace_back(std::string(text, size), Json());
        return true;
    }
    bool StartObject() { return open(true, members_.size()); }
    bool StartArray() { return open(false, items_.size()); }
    bool EndArray(rapidjson::SizeType) { return add(Json(close(items_))); }
    bool EndObject(rapidjson::SizeType) {
        Json::Object members = close(members_);
        if (has_duplicates(members)) return false;
        return add(Json(std::move(members)));
    }

    Json take_root() { return std::move(root_); }
    const std::string& problem() const { return problem_; }

  private:
    // The reader's own check lets an escaped lone low surrogate through.
    bool is_utf8(std::string_view text) {
        if (valid_utf8_prefix(text) == text.size()) return true;
        problem_ = "a string is not valid UTF-8";
        return false;
    }

    struct Frame {
        bool is_object = false;
        size_t first = 0;  // where its members or items begin
    };

    bool open(bool is_object, size_t first) {
        if (open_.size() == kMaxJsonDepth) {
            problem_ = "nested deeper than " + std::to_string(kMaxJsonDepth) + " levels";
            return false;
        }
        open_.push_back({is_object, first});
        return true;
    }

    // The contents of the innermost container, taken off their stack.
    template <typename T>
    std::vector<T> close(std::vector<T>& stack) {
        const auto first = stack.begin() + static_cast<ptrdiff_t>(open_.back().first);
        std::vector<T> contents(std::make_move_iterator(first), std::make_move_iterator(stack.end()));
        stack.erase(first, stack.end());
        open_.pop_back();
        return contents;
    }

    bool add(Json value) {
        if (open_.empty()) {
            root_ = std::move(value);
        } else if (open_.back().is_object) {
            members_.back().second = std::move(value);  // it came last: inner objects are closed
        } else {
            items_.push_back(std::move(value));
        }
        return true;
    }

    bool has_duplicates(const Json::Object& members) {
        if (members.size() <= kFewMembers) return has_duplicates_among_few(members);
        names_.clear();
        for (const Json::Member& member : members) names_.push_back(member.first);
        std::sort(names_.begin(), names_.end());
        const auto twice = std::adjacent_find(names_.begin(), names_.end());
        return twice != names_.end() && refuse_duplicate(*twice);
    }

    // Without sorting: names mostly differ in their size already.
    bool has_duplicates_among_few(const Json::Object& members) {
        for (auto one = members.begin(); one != members.end(); ++one) {
            const auto is_same = [&](const Json::Member& other) { return other.first == one->first; };
            if (std::any_of(members.begin(), one, is_same)) return refuse_duplicate(one->first);
        }
        return false;
    }

    bool refuse_duplicate(std::string_view name) {
        problem_ = "duplicate member \"" + std::string(name) + "\"";
        return true;
    }

    std::vector<Frame> open_;
    std::vector<Json::Member> members_;    // of open objects; the innermost one's last value is still to come
    std::vector<Json> items_;              // of open arrays
    std::vector<std::string_view> names_;  // kept for its memory
    Json root_;
    std::string problem_;
};

std::string replace_invalid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 16);
    while (!text.empty()) {
        const size_t good = valid_utf8_prefix(text);
        out.append(text.substr(0, good));
        text.remove_prefix(good);
        if (text.empty()) break;
        out.append("\xEF\xBF\xBD");
        text.remove_prefix(1);
    }
    return out;
}

}  // namespace

Result<Json> Json::parse(std::string_view text) {
    // To the reader a NUL is the end of the text, so what stands behind one would go unread.
    if (const size_t nul = text.find('\0'); nul != text.npos)
        return fail("NUL at byte " + std::to_string(nul));
    std::string copy(text);  // strings are decoded where they stand
    rapidjson::InsituStringStream stream(copy.data());
    Builder builder;
    rapidjson::Reader reader;
    constexpr unsigned kFlags =
        rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
    const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
    if (result.IsError()) {
        const std::string what =
            builder.problem().empty() ? rapidjson::GetParseError_En(result.Code()) : builder.problem();
        return fail("not valid JSON at byte " + std::to_string(result.Offset()) + ": " + what);
    }
    return builder.take_root();
}

std::string Json::dump() const {
    return JsonWriter().value(*this).take();
}

struct JsonWriter::Impl {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
};

JsonWriter::JsonWriter() : impl_(std::make_unique<Impl>()) {}
JsonWriter::~JsonWriter() = default;
JsonWriter::JsonWriter(JsonWriter&&) noexcept = default;
JsonWriter& JsonWriter::operator=(JsonWriter&&) noexcept = default;

JsonWriter& JsonWriter::begin_object() {
    impl_->writer.StartObject();
    return *this;
}

JsonWriter& JsonWriter::end_object() {
    impl_->writer.EndObject();
    return *this;
}

JsonWriter& JsonWriter::begin_array() {
    impl_->writer.StartArray();
    return *this;
}

JsonWriter& JsonWriter::end_array() {
    impl_->writer.EndArray();
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    return value(name);
}

JsonWriter& JsonWriter::null() {
    impl_->writer.Null();
    return *this;
}

JsonWriter& JsonWriter::value(bool v) {
    impl_->writer.Bool(v);
    return *this;
}

JsonWriter& JsonWriter::value(int64_t v) {
    impl_->writer.Int64(v);
    return *this;
}

JsonWriter& JsonWriter::value(uint64_t v) {
    impl_->writer.Uint64(v);
    return *this;
}

JsonWriter& JsonWriter::value(double v) {
    if (!std::isfinite(v)) return null();  // JSON has no word for it
    impl_->writer.Double(v);
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view v) {
    const auto put = [&](std::string_view text) {
        impl_->writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    };
    if (valid_utf8_prefix(v) == v.size()) {
        put(v);
    } else {
        put(replace_invalid_utf8(v));
    }
    return *this;
}

JsonWriter& JsonWriter::value(const Json& v) {
    if (v.is_null()) return null();
    if (v.is_bool()) return value(v.as_bool());
    if (v.is_int()) return value(v.as_int());
    if (v.is_number()) return value(v.as_double());
    if (v.is_string()) return value(v.as_string());
    if (v.is_array()) {
        begin_array();
        for (const Json& item : v.as_array()) value(item);
        return end_array();
    }
    begin_object();
    for (const Json::Member& member : v.as_object()) key(member.first).value(member.second);
    return end_object();
}

std::string JsonWriter::take() {
    std::string text(impl_->buffer.GetString(), impl_->buffer.GetSize());
    impl_->buffer.Clear();
    impl_->writer.Reset(impl_->buffer);
    return text;
}

}  // namespace yard::varlink
