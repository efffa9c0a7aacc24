#include "ipc/client/last_error.h"

namespace yard::ipc {
namespace {

thread_local std::string sentence;
// A call that succeeds should cost no more than this.
constinit thread_local bool is_there = false;

}  // namespace

int failed_with(const Error& error) {
    sentence = error.message;
    is_there = true;
    return error.code > 0 ? -error.code : -EIO;
}

void forget_error() {
    is_there = false;
}

const char* last_error() {
    return is_there ? sentence.c_str() : "";
}

}  // namespace yard::ipc
