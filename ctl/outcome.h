// How a command ends: with an exit code that scripts rely on, or with trouble that a person reads.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace yard::ctl {

enum class ExitCode : int {
    done = 0,
    failed = 1,
    usage = 2,
    not_running = 3,
    no_such_name = 4,
    timed_out = 5,
    not_permitted = 6,
    unreachable = 7,  // no daemon answers
};

// Why a command could not do its work: `sentence` goes to standard error and says what to do next.
struct Trouble {
    ExitCode code = ExitCode::failed;
    std::string sentence;
};

inline Failure<Trouble> trouble(ExitCode code, std::string sentence) {
    return {{code, std::move(sentence)}};
}
inline Failure<Trouble> trouble(Trouble what) {
    return {std::move(what)};
}

using Outcome = Result<ExitCode, Trouble>;

}  // namespace yard::ctl
