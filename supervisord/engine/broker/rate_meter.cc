#include "engine/broker/rate_meter.h"

#include <algorithm>

namespace yard::engine {
namespace {

constexpr Duration kShortest = std::chrono::seconds(1);

}  // namespace

QueueRates RateMeter::look(BootTime now, QueueTraffic traffic) {
    if (!last_ || now - last_->at >= kShortest) {
        before_ = last_;
        last_ = Mark{now, traffic};
    }
    const Mark& since = before_.value_or(*last_);
    const double seconds = std::chrono::duration<double>(now - since.at).count();
    const auto rate = [seconds](uint64_t then, uint64_t by_now) {
        // Whoever spoils the memory may have made it less.
        return seconds > 0 ? static_cast<double>(by_now - std::min(then, by_now)) / seconds : 0;
    };
    return {rate(since.traffic.puts, traffic.puts), rate(since.traffic.gets, traffic.gets)};
}

}  // namespace yard::engine
