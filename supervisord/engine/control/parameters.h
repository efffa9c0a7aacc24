// The check of a call's parameters against the types that the interface declares.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "engine/control/interface.h"
#include "ipc/varlink/json.h"

namespace yard::engine::control {

struct ParameterProblem {
    std::string parameter;
    std::string message;  // a sentence: what is wrong, what was expected, the nearest name
};

// Nothing when `parameters` (an object, or null for none) fits `declared`. A null member counts as absent.
std::optional<ParameterProblem> check_parameters(std::span<const Parameter> declared,
                                                 const varlink::Json& parameters);

}  // namespace yard::engine::control
