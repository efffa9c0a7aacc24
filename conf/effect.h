// What a change of a configuration key does to a service that runs.
#pragma once

#include <cstdint>
#include <string_view>

namespace yard::conf {

// From the mildest to the strongest.
enum class Effect : uint8_t {
    at_once,     // in force without touching its processes
    next_start,  // in force when it is started next; it is left to run
    restart,     // in force only with a new process: it is stopped and started
};

// "at once", "at the next start", "by a restart".
constexpr std::string_view effect_word(Effect effect) {
    constexpr std::string_view kWords[] = {"at once", "at the next start", "by a restart"};
    return kWords[static_cast<size_t>(effect)];
}

}  // namespace yard::conf
