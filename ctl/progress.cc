#include "ctl/progress.h"

namespace yard::ctl {
namespace {

constexpr std::string_view kWipe = "\r\033[K";

}  // namespace

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
