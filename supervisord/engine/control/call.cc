#include "engine/control/call.h"

#include <string>
#include <utility>

namespace yard::engine::control {

Call::Call(const Caller& caller, Json parameters, bool more, bool oneway, ReplySink& sink)
    : caller_(caller), parameters_(std::move(parameters)), more_(more), oneway_(oneway), sink_(sink) {}

void Call::progress(std::string_view parameters) {
    if (finished_ || oneway_) return;
    sink_.send("{\"parameters\":", parameters, ",\"continues\":true}");
}

void Call::reply(std::string_view parameters) {
    if (finished_) return;
    if (!oneway_) sink_.send("{\"parameters\":", parameters, "}");
    finish();
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
    finish();
}

void Call::on_drained() {
    if (!finished_ && task_ != nullptr) task_->on_drained();
}

void Call::finish() {
    finished_ = true;
    sink_.finished();
}

}  // namespace yard::engine::control
