#include "engine/output_fifo.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace yard::engine {

Result<UniqueFd> open_output_fifo(const std::string& path, uid_t owner) {
    if (mkfifo(path.c_str(), 0600) != 0 && errno != EEXIST) return fail(system_error("make FIFO", path));
    UniqueFd fd(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return fail(system_error("open", path));
    struct stat info {};
    if (fstat(fd.get(), &info) != 0 || !S_ISFIFO(info.st_mode))
        return fail(path + " is in the way: it is no FIFO");
    if (info.st_uid != owner && fchown(fd.get(), owner, static_cast<gid_t>(-1)) != 0) {
        return fail(system_error("change the owner of", path));
    }
    return fd;
}

}  // namespace yard::engine
