#include "engine/control/call.h"

#include <string>
#include <utility>

namespace yard::engine::control {

Call::Call(const Caller& caller, Json parameters, bool more, bool oneway, ReplySink& sink)
    : caller_(caller), parameters_(std::move(parameters)), more_(more), oneway_(oneway), sink_(sink) {}

Call::~Call() {
    record("unanswered: the caller or the engine left");
}

void Call::record_in(AuditTrail& trail, std::string_view method, bool changes) {
    // Its process may be gone when it is answered.
    audit_ = {&trail, method, changes, changes ? caller_.credentials.process_name() : ""};
}

void Call::progress(std::string_view parameters) {
    if (finished_ || oneway_) return;
    sink_.send("{\"parameters\":", parameters, ",\"continues\":true}");
}

void Call::reply(std::string_view parameters, std::string_view result) {
    if (finished_) return;
    record(result);
    if (!oneway_) sink_.send("{\"parameters\":", parameters, "}");
    finish();
}

void Call::reply_with(Descriptors fds, std::string_view parameters) {
    if (!finished_ && !oneway_) sink_.pass(std::move(fds));
    reply(parameters);
}

void Call::error(std::string_view name, const Json& parameters) {
    if (finished_) return;
    record(name, parameters.dump());
    if (!oneway_) {
        sink_.send("{\"error\":\"" + std::string(name) + "\",\"parameters\":", parameters.dump(), "}");
    }
    finish();
}

void Call::on_drained() {
    if (!finished_ && task_ != nullptr) task_->on_drained();
}

void Call::finish() {
    finished_ = true;
    sink_.finished();
}

void Call::record(std::string_view result, std::string details) {
    const std::optional<Audit> audit = std::exchange(audit_, std::nullopt);
    if (!audit || !(audit->changes || result == kNotPermitted)) return;
    const Credentials& who = caller_.credentials;
    Json::Object parameters;
    for (const auto& [name, value] : parameters_.as_object()) {
        if (name != "request_id") parameters.emplace_back(name, value);
    }
    audit->trail->record({who, audit->changes ? audit->process : who.process_name(),
                          std::string(audit->method), Json(std::move(parameters)).dump(), std::string(result),
                          std::move(details)});
}

}  // namespace yard::engine::control
