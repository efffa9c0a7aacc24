#include "ipc/client/descriptor_identity.h"

#include <sys/stat.h>

namespace yard::ipc {

DescriptorIdentity DescriptorIdentity::of(int fd) {
    struct stat status;
    if (fstat(fd, &status) != 0) return {};
    return {status.st_dev, status.st_ino};
}

}  // namespace yard::ipc
