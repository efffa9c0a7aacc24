#include "engine/logs/printer.h"

#include <algorithm>
#include <utility>

namespace yard::engine::logs {

Printer::Printer(const std::string& service, LineFormat::Kind kind, Reactor& reactor, StdoutSink& sink,
                 Reactor::Task& task)
    : service_(service), format_(kind, service), reactor_(reactor), sink_(sink), task_(task) {
    sink_.add_name(service_);
}

Printer::~Printer() {
    sink_.forget(task_);
    sink_.remove_name(service_);
}

size_t Printer::print(std::string_view portion, WallTime now) {
    if (printed_ > 0 || gone()) return gone() ? portion.size() : std::min(printed_, portion.size());
    if (printing_ > 0) return 0;
    if (sink_.busy()) {
        sink_.wait_for(task_);
        return 0;
    }
    if (format_.kind() != LineFormat::Kind::json) format_.set_prefix(sink_.prefix(service_));
    format_.set_time(now);
    std::string lines;
    printing_ = format_lines(format_, portion, false, true, kAtOnce, true, lines).taken;
    waits_ = false;
    sink_.write(std::move(lines), [this] {
        printed_ += std::exchange(printing_, 0);
        if (waits_) reactor_.schedule(task_);
    });
    waits_ = printed_ == 0;
    return printed_;
}

void Printer::forget_front(size_t size) {
    const size_t from_printed = std::min(size, printed_);
    printed_ -= from_printed;
    printing_ -= std::min(size - from_printed, printing_);
}

}  // namespace yard::engine::logs
