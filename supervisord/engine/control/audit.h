// Who asked for what, and what came of it: calls that change something, and those that were refused.
#pragma once

#include <string>
#include <string_view>

#include "engine/control/access.h"

namespace yard::engine::control {

// The error that goes on record whatever the method.
inline constexpr std::string_view kNotPermitted = "org.yardmaster.NotPermitted";

struct AuditEntry {
    Credentials caller;
    std::string process;     // the caller's name as ps shows it; empty: it was gone already
    std::string method;      // with its interface
    std::string parameters;  // JSON
    std::string
        result;  // "ok", "failed: api, db", "unanswered: ...", or the name of the error that was the answer
    std::string details;  // JSON: what the error said; empty: it was none
};

class AuditTrail {
  public:
    virtual ~AuditTrail() = default;
    virtual void record(const AuditEntry& entry) = 0;
};

}  // namespace yard::engine::control
