// Compiled into ipc/channel instead of nothing: each access to shared memory is a place where another fiber may go on.
#pragma once

namespace yard::model {
void step();
}
#define YARD_IPC_STEP() ::yard::model::step()
