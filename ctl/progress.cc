#include "ctl/progress.h"

#include <algorithm>

namespace yard::ctl {
namespace {

constexpr std::string_view kWipe = "\r\033[K";

}  // namespace

std::chrono::milliseconds TellingTimes::left() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_ - SystemClock().now());
    return std::max(left, std::chrono::milliseconds(0));
}

Duration TellingTimes::told() {
    const BootTime now = SystemClock().now();
    next_ = now + std::chrono::seconds(1);
    return now - began_;
}

Progress::~Progress() {
    if (shown_) out_.write(kWipe);
    out_.flush();
}

void Progress::show(std::string_view text) {
    if (!terminal_.can_redraw) return;
    shown_ = true;
    out_.write(kWipe);
    out_.write(cut_to_width(terminal_.safe(std::string(text)), terminal_.width - 1, terminal_.ellipsis()));
    out_.flush();
}

}  // namespace yard::ctl
