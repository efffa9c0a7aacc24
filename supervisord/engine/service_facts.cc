#include "engine/service_facts.h"

namespace yard::engine {

const char* to_string(State state) {
    switch (state) {
        case State::stopped:
            return "stopped";
        case State::waiting:
            return "waiting";
        case State::starting:
            return "starting";
        case State::running:
            return "running";
        case State::stopping:
            return "stopping";
        case State::backoff:
            return "backoff";
        case State::completed:
            return "completed";
        case State::failed:
            return "failed";
    }
    return "invalid";
}

const char* to_string(Wanted wanted) {
    return wanted == Wanted::up ? "up" : "down";
}

}  // namespace yard::engine
