#include "ipc/client/last_error.h"

namespace yard::ipc {
namespace {

thread_local std::string sentence;

}  // namespace

int failed_with(const Error& error) {
    sentence = error.message;
    return error.code > 0 ? -error.code : -EIO;
}

void forget_error() {
    sentence.clear();
}

const char* last_error() {
    return sentence.c_str();
}

}  // namespace yard::ipc
