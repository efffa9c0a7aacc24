// Which process this is, as far as fork(2) is concerned: a number that is another one in each child, read without a
// system call. What was attached under another number belongs to the parent.
#pragma once

#include <cstdint>

namespace yard::ipc {

uint32_t process_generation();

}  // namespace yard::ipc
