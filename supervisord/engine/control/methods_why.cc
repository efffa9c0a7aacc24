// Why something is as it is.
#include "engine/control/methods.h"
#include "engine/control/why.h"

namespace yard::engine::control {

void Methods::why(Call& call) {
    const auto ids = named(call);
    if (!ids) return;
    call.reply(why_json(backend_, explain(backend_, hub_.kept(), *ids)));
}

}  // namespace yard::engine::control
