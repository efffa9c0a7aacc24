// What services wrote: at the caller's pace, never faster.
#include <algorithm>
#include <cerrno>

#include "engine/control/methods.h"

namespace yard::engine::control {
namespace {

// Text of lines in one message; a line is never cut, so a message may be larger by one line.
constexpr size_t kLinesBytes = 64 << 10;

class LogsTask final : public Task {
  public:
    explicit LogsTask(Call& call) : call_(call) {}

    void run(std::unique_ptr<LogRouter::Stream> stream) {
        stream_ = std::move(stream);
        pause_if_congested();
    }
    void on_lines(const std::vector<LogLineRecord>& lines) {
        const LogLineRecord* const end = lines.data() + lines.size();
        for (const LogLineRecord* begin = lines.data(); begin != end;) {
            const LogLineRecord* last = begin;
            for (size_t bytes = 0; last != end && bytes < kLinesBytes; ++last) bytes += last->line.size();
            call_.progress(lines_json(begin, last));
            begin = last;
        }
        pause_if_congested();
    }
    void on_end() { call_.reply(lines_json(nullptr, nullptr)); }
    void on_drained() override {
        if (stream_ != nullptr) stream_->pause(false);
    }

  private:
    void pause_if_congested() {
        if (stream_ != nullptr && call_.congested()) stream_->pause(true);
    }

    Call& call_;
    std::unique_ptr<LogRouter::Stream> stream_;
};

// Nothing: a parameter was refused.
std::optional<LogQuery> read_query(Call& call, const ControlBackend& backend,
                                   const std::vector<ServiceId>& ids) {
    const Json& parameters = call.parameters();
    for (const char* name : {"lines", "since_ms"}) {
        if (parameters[name].as_int() >= 0) continue;
        answer_invalid(call, name, "expected 0 or more");
        return std::nullopt;
    }
    LogQuery query;
    for (const ServiceId id : ids) query.services.push_back(backend.name(id));
    query.follow = parameters["follow"].as_bool();
    query.grep = parameters["grep"].as_string();
    if (parameters.has("lines")) query.lines = static_cast<size_t>(parameters["lines"].as_int());
    if (parameters.has("since_ms")) {
        const WallTime now = backend.now().wall;
        const int64_t since_ms = std::min<int64_t>(parameters["since_ms"].as_int(),
                                                   now.time_since_epoch() / std::chrono::milliseconds(1));
        query.since = now - std::chrono::milliseconds(since_ms);
    }
    return query;
}

}  // namespace

bool expect_more(Call& call) {
    if (!call.more()) call.error("org.varlink.service.ExpectedMore", Json(Json::Object()));
    return call.more();
}

void Methods::logs(Call& call) {
    if (!expect_more(call)) return;
    const auto ids = selected(call);
    if (!ids) return;
    std::optional<LogQuery> query = read_query(call, backend_, *ids);
    if (!query) return;
    LogsTask& task = call.keep(std::make_unique<LogsTask>(call));
    Result<std::unique_ptr<LogRouter::Stream>> stream = backend_.query_logs(
        std::move(*query), [&task](const std::vector<LogLineRecord>& lines) { task.on_lines(lines); },
        [&task] { task.on_end(); });
    if (!stream && stream.error().code == EINVAL) return answer_invalid(call, "grep", stream.error().message);
    if (!stream) return answer_failed(call, stream.error());
    task.run(std::move(stream).value());
}

}  // namespace yard::engine::control
