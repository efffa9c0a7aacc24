// How a service learns of the objects that it was given at its start: as descriptors, named in its environment.
//
//   YARD_IPC=jobs=3:4:17,cache=5:6:2,feed=7    NAME=MEMORY:BELL:OWNER, or of a pipe NAME=FIFO
//   YARD_IPC_PID=4711                          for whom: owner slots are this process's alone
//
// As with LISTEN_PID, whoever finds another number than its own getpid() leaves it alone: a child inherits the
// environment and perhaps the descriptors, and asks the broker for owner slots of its own. A process that replaces
// itself by exec keeps its number, and everything with it. Memory of an object that it may only read is open for reading
// only.
#pragma once

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/channel/segment.h"

namespace yard::ipc {

inline constexpr char kPassedVariable[] = "YARD_IPC";
inline constexpr char kPassedPidVariable[] = "YARD_IPC_PID";

struct PassedChannel {
    std::string name;
    int memory = -1;  // of a pipe: its FIFO
    int bell = -1;    // -1: it is a pipe
    OwnerId owner = 0;

    bool is_pipe() const { return bell < 0; }
    bool operator==(const PassedChannel&) const = default;
};

// The value of YARD_IPC.
inline std::string passed_text(const std::vector<PassedChannel>& channels) {
    std::string text;
    for (const PassedChannel& channel : channels) {
        text += (text.empty() ? "" : ",") + channel.name + "=" + std::to_string(channel.memory);
        if (!channel.is_pipe())
            text += ":" + std::to_string(channel.bell) + ":" + std::to_string(channel.owner);
    }
    return text;
}

// "3:4:17" or "7".
inline std::optional<PassedChannel> parse_passed_one(std::string name, std::string_view numbers) {
    int values[3];
    size_t count = 0;
    const char* at = numbers.data();
    const char* const end = at + numbers.size();
    for (; count < 3; ++at) {
        const auto [next, error] = std::from_chars(at, end, values[count]);
        if (error != std::errc() || values[count] < 0) return std::nullopt;
        at = next;
        ++count;
        if (at == end) break;
        if (*at != ':') return std::nullopt;
    }
    if (at != end || count == 2) return std::nullopt;
    if (count == 1) return PassedChannel{std::move(name), values[0], -1, 0};
    return PassedChannel{std::move(name), values[0], values[1], static_cast<OwnerId>(values[2])};
}

// What is not as described above is left out: the value may be anybody's.
inline std::vector<PassedChannel> parse_passed(std::string_view text) {
    std::vector<PassedChannel> channels;
    while (!text.empty()) {
        const std::string_view one = text.substr(0, text.find(','));
        text.remove_prefix(std::min(one.size() + 1, text.size()));
        const size_t equals = one.find('=');
        if (equals == std::string_view::npos || equals == 0) continue;
        if (auto channel = parse_passed_one(std::string(one.substr(0, equals)), one.substr(equals + 1)))
            channels.push_back(*std::move(channel));
    }
    return channels;
}

}  // namespace yard::ipc
