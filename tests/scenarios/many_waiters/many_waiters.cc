// many_waiters KIND HOW NUMBER: so many wait for the object "many" of that kind (event, semaphore, queue), some in each of
// a few processes; by HOW "calls", a thread each that calls and blocks, or "descriptors", a handle each in an epoll. Says
// "waiting" when all wait by a descriptor or are about to call, and ends with 0 when each of them got something.
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yard.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr int kProcesses = 8;

[[noreturn]] void give_up(const char* doing, int error) {
    std::fprintf(stderr, "%s: %s %s\n", doing, strerrorname_np(error), yard_last_error());
    _exit(1);
}
int checked(const char* doing, int result) {
    if (result < 0) give_up(doing, -result);
    return result;
}

// One handle of whatever kind.
class Handle {
  public:
    Handle(yard_client* client, const std::string& kind) {
        if (kind == "event") checked("open", yard_event_open(client, "many", &event_));
        if (kind == "semaphore") checked("open", yard_semaphore_open(client, "many", &semaphore_));
        if (kind == "queue") checked("open", yard_queue_open(client, "many", &queue_));
    }
    ssize_t take(int64_t timeout_ns) const {
        char buffer[64];
        if (event_ != nullptr) return yard_event_wait(event_, timeout_ns);
        if (semaphore_ != nullptr) return yard_semaphore_acquire(semaphore_, timeout_ns);
        return yard_queue_get(queue_, buffer, sizeof buffer, timeout_ns, nullptr);
    }
    int fd() const {
        if (event_ != nullptr) return yard_event_fd(event_);
        return semaphore_ != nullptr ? yard_semaphore_fd(semaphore_) : yard_queue_fd(queue_);
    }

  private:
    yard_event* event_ = nullptr;
    yard_semaphore* semaphore_ = nullptr;
    yard_queue* queue_ = nullptr;
};

void* call(void* handle) {
    const ssize_t result = static_cast<const Handle*>(handle)->take(-1);
    if (result < 0) give_up("wait", static_cast<int>(-result));
    return nullptr;
}

void wait_by_calls(yard_client* client, const std::string& kind, int number, int ready) {
    Handle handle(client, kind);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    std::vector<pthread_t> threads(static_cast<size_t>(number));
    for (pthread_t& thread : threads)
        checked("start a thread", -pthread_create(&thread, &small, call, &handle));
    checked("say so", static_cast<int>(write(ready, "r", 1)));
    for (const pthread_t thread : threads) pthread_join(thread, nullptr);
}

void wait_by_descriptors(yard_client* client, const std::string& kind, int number, int ready) {
    const int loop = epoll_create1(EPOLL_CLOEXEC);
    std::vector<Handle> handles;
    for (int i = 0; i < number; ++i) {
        const Handle& handle = handles.emplace_back(client, kind);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u32 = static_cast<uint32_t>(i);
        const int fd = checked("get a descriptor", handle.fd());
        if (handle.take(0) != -EAGAIN) give_up("try", EEXIST);
        if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) != 0) give_up("wait for a descriptor", errno);
    }
    checked("say so", static_cast<int>(write(ready, "r", 1)));
    for (int left = number; left > 0;) {
        epoll_event event{};
        if (epoll_wait(loop, &event, 1, -1) != 1) continue;
        const Handle& handle = handles[event.data.u32];
        const ssize_t result = handle.take(0);
        if (result == -EAGAIN) continue;
        if (result < 0) give_up("take", static_cast<int>(-result));
        epoll_ctl(loop, EPOLL_CTL_DEL, handle.fd(), nullptr);
        --left;
    }
}

}  // namespace

int main(int, char** words) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    const std::string kind = words[1], how = words[2];
    const int each = std::atoi(words[3]) / kProcesses;
    int ready[2];
    checked("pipe", pipe(ready));
    for (int i = 0; i < kProcesses; ++i) {
        if (fork() != 0) continue;
        yard_client* const client = yard_connect(nullptr);
        if (client == nullptr) give_up("connect", errno);
        (how == "calls" ? wait_by_calls : wait_by_descriptors)(client, kind, each, ready[1]);
        _exit(0);
    }
    close(ready[1]);
    char one;
    for (int i = 0; i < kProcesses; ++i) {
        if (read(ready[0], &one, 1) != 1) return 1;
    }
    std::puts("waiting");
    std::fflush(stdout);
    for (int status = 0; wait(&status) > 0;) {
        if (status != 0) return 1;
    }
    return 0;
}
