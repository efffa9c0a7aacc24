#include "engine/broker/pipe_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

namespace yard::engine {

std::string PipeFiles::path(std::string_view name) const {
    std::string file(name);
    std::replace(file.begin(), file.end(), '/', '+');  // which no name has
    return folder_ + "/" + file;
}

Result<UniqueFd> PipeFiles::open(std::string_view name, uid_t uid, gid_t gid, uint32_t mode) const {
    const std::string path = this->path(name);
    if (mkfifo(path.c_str(), 0600) != 0 && errno != EEXIST) return fail(system_error("make FIFO", path));
    UniqueFd fifo(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
    if (!fifo) return fail(system_error("open", path));
    struct stat info {};
    if (fstat(fifo.get(), &info) != 0 || !S_ISFIFO(info.st_mode))
        return fail(path + " is in the way: it is no FIFO");
    if (Status given = give(fifo, name, uid, gid, mode); !given) return fail(given.error());
    return fifo;
}

Status PipeFiles::give(const UniqueFd& fifo, std::string_view name, uid_t uid, gid_t gid,
                       uint32_t mode) const {
    struct stat info {};
    if (fstat(fifo.get(), &info) != 0) return fail(system_error("stat", path(name)));
    const bool differs = info.st_uid != uid || info.st_gid != gid;
    if (differs && fchown(fifo.get(), uid, gid) != 0)
        return fail(system_error("change the owner of", path(name)));
    if (fchmod(fifo.get(), mode & 0666) != 0) return fail(system_error("change the mode of", path(name)));
    return Ok();
}

void PipeFiles::remove(std::string_view name) const {
    unlink(path(name).c_str());
}

void PipeFiles::remove_all_but(const std::set<std::string>& names) const {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(folder_.c_str()), closedir);
    if (!folder) return;
    while (const dirent* entry = readdir(folder.get())) {
        std::string name = entry->d_name;
        std::replace(name.begin(), name.end(), '+', '/');
        if (name[0] != '.' && !names.contains(name)) unlink((folder_ + "/" + entry->d_name).c_str());
    }
}

}  // namespace yard::engine
