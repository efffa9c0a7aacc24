// Is a descriptor number still what it was? A program that becomes a daemon closes all descriptors, also those of a
// library, and opens others under the same numbers: nothing may be written to those.
#pragma once

#include <sys/types.h>

namespace yard::ipc {

// Of what has an inode of its own: a file, a pipe, a socket.
struct DescriptorIdentity {
    dev_t device = 0;
    ino_t inode = 0;

    // Of a descriptor that is not open: all zero.
    static DescriptorIdentity of(int fd);
    bool operator==(const DescriptorIdentity&) const = default;
};

}  // namespace yard::ipc
