// Why the last call of this thread failed, in a sentence: what a bare errno cannot say.
#pragma once

#include "base/result.h"

namespace yard::ipc {

// Keeps the sentence and gives -errno.
int failed_with(const Error& error);
// Forgets it: from now on the errno says all.
void forget_error();
// Until the next call of this thread; empty when there is nothing to add to the errno.
const char* last_error();

}  // namespace yard::ipc
