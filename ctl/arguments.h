// What the words after `ctl` mean. Each command fills the members that its options name
// (ctl/command_table.cc).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace yard::ctl {

using Milliseconds = std::chrono::milliseconds;

struct Arguments {
    // Every command.
    std::string socket;  // empty: the usual place
    bool json = false;
    bool help = false;
    bool version = false;  // only before the command

    std::vector<std::string> names;  // services
    bool no_wait = false;
    bool watch = false;
    std::string signal;
    bool list_signals = false;
    bool tree = false;
    std::string state;
    std::optional<Milliseconds> timeout;
    int64_t nice = 0;
    bool follow = false;
    std::optional<int64_t> lines;
    std::optional<Milliseconds> since;
    std::string grep;
    std::string file;

    // Channel objects; `names` are patterns.
    std::string name;  // the one object
    std::string kind;
    std::vector<std::string> options;  // KEY=VALUE
    std::string mode;                  // octal
    bool ephemeral = false;
    bool exist_ok = false;
    std::optional<std::string> data;  // a message, or bytes
    bool by_line = false, by_null = false, by_length = false;
    std::optional<int64_t> count;
    std::optional<int64_t> priority;
    std::optional<Milliseconds> delay, ttl;
    std::optional<int64_t> offset;
    std::vector<std::string> command;  // what to run
};

}  // namespace yard::ctl
