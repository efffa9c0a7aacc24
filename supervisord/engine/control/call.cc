#include "engine/control/call.h"

#include <string>
#include <utility>

namespace yard::engine::control {

Call::Call(const Caller& caller, Json parameters, bool more, bool oneway, ReplySink& sink)
    : caller_(caller), parameters_(std::move(parameters)), more_(more), oneway_(oneway), sink_(sink) {}

Call::~Call() {
    record("unanswered: the caller or the engine left");
}

void Call::record_in(AuditTrail& trail, std::string_view method) {
    Json::Object parameters;
    for (const auto& [name, value] : parameters_.as_object()) {
        if (name != "request_id") parameters.emplace_back(name, value);
    }
    const Credentials& who = caller_.credentials;
    audit_ = {&trail,
              {who, who.process_name(), std::string(method), Json(std::move(parameters)).dump(), "", ""}};
}

void Call::progress(std::string_view parameters) {
    if (finished_ || oneway_) return;
    sink_.send("{\"parameters\":", parameters, ",\"continues\":true}");
}

void Call::reply(std::string_view parameters, std::string_view result) {
    if (finished_) return;
    if (!oneway_) sink_.send("{\"parameters\":", parameters, "}");
    finish(result);
}

void Call::reply_with(Descriptors fds, std::string_view parameters) {
    if (!finished_ && !oneway_) sink_.pass(std::move(fds));
    reply(parameters);
}

void Call::error(std::string_view name, const Json& parameters) {
    if (finished_) return;
    if (!oneway_) {
        sink_.send("{\"error\":\"" + std::string(name) + "\",\"parameters\":", parameters.dump(), "}");
    }
    finish(name, parameters.dump());
}

void Call::on_drained() {
    if (!finished_ && task_ != nullptr) task_->on_drained();
}

void Call::finish(std::string_view result, std::string details) {
    finished_ = true;
    record(result, std::move(details));
    sink_.finished();
}

void Call::record(std::string_view result, std::string details) {
    if (!audit_) return;
    audit_->entry.result = result;
    audit_->entry.details = std::move(details);
    audit_->trail->record(audit_->entry);
    audit_.reset();
}

}  // namespace yard::engine::control
