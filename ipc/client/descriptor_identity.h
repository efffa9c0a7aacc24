// Is a descriptor number still what it was? A program that becomes a daemon closes all descriptors, also those of a
// library, and opens others under the same numbers: nothing may be written to those.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace yard::ipc {

struct DescriptorIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    // Of eventfds, which share one inode: the kernel's number in /proc/self/fdinfo; -1: another kind, or no /proc.
    int64_t eventfd = -1;

    // Of a descriptor that is not open: all zero.
    static DescriptorIdentity of(int fd);
    bool operator==(const DescriptorIdentity&) const = default;
};

}  // namespace yard::ipc
