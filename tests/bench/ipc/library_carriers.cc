// Other people's queues, from Debian's packages. What was not installed at the build is named with the package to install.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "carrier.h"

#ifdef YARD_HAVE_BOOST
#include <boost/interprocess/ipc/message_queue.hpp>
#endif
#ifdef YARD_HAVE_ZMQ
#include <zmq.h>
#endif
#ifdef YARD_HAVE_ICEORYX
#include "iceoryx_carrier.h"
#endif
#ifdef YARD_HAVE_REDIS
#include <hiredis/hiredis.h>
#endif

namespace yard::bench {
namespace {

// In the run's temporary folder; another one each time.
[[maybe_unused]] std::string socket_path(const char* name) {
    static int number = 0;
    const char* const folder = getenv("TMPDIR");
    return std::string(folder != nullptr ? folder : "/tmp") + "/yard-bench-" + std::to_string(getpid()) +
           "-" + std::to_string(++number) + name;
}

#ifdef YARD_HAVE_BOOST
class BoostQueue : public Carrier {
  public:
    explicit BoostQueue(size_t size) : queue_(fresh(), "yard-bench", kCapacity, size) {}
    ~BoostQueue() override { boost::interprocess::message_queue::remove("yard-bench"); }
    void send(const void* bytes, size_t size) override { queue_.send(bytes, size, 0); }
    void receive(void* bytes, size_t size) override {
        size_t got = 0;
        unsigned priority = 0;
        queue_.receive(bytes, size, got, priority);
    }

  private:
    static constexpr size_t kCapacity = 1024;
    static boost::interprocess::create_only_t fresh() {
        boost::interprocess::message_queue::remove("yard-bench");
        return boost::interprocess::create_only;
    }
    boost::interprocess::message_queue queue_;
};
#endif

#ifdef YARD_HAVE_ZMQ
// One sender binds, one receiver connects.
class ZeroMq : public Carrier {
  public:
    ZeroMq() : address_("ipc://" + socket_path(".zmq")) {}
    void send(const void* bytes, size_t size) override {
        if (zmq_send(socket(ZMQ_PUSH), bytes, size, 0) < 0) abort();
    }
    void receive(void* bytes, size_t size) override {
        if (zmq_recv(socket(ZMQ_PULL), bytes, size, 0) < 0) abort();
    }
    void finish() override {
        zmq_close(socket_);
        zmq_ctx_term(context_);  // when all has left
    }

  private:
    void* socket(int type) {
        if (socket_ != nullptr) return socket_;
        context_ = zmq_ctx_new();
        socket_ = zmq_socket(context_, type);
        const int soon = 1;  // ms; the other side may not be there yet
        zmq_setsockopt(socket_, ZMQ_RECONNECT_IVL, &soon, sizeof soon);
        const int result =
            type == ZMQ_PUSH ? zmq_bind(socket_, address_.c_str()) : zmq_connect(socket_, address_.c_str());
        if (result != 0) abort();
        return socket_;
    }
    const std::string address_;
    void* context_ = nullptr;
    void* socket_ = nullptr;
};
#endif

#ifdef YARD_HAVE_REDIS
// A list in a server of its own, written in batches, as one does who wants speed.
class Redis : public Carrier {
  public:
    Redis() : path_(socket_path(".redis")) {
        server_ = fork();
        if (server_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path_.c_str(), "--save", "",
                   "--logfile", "/dev/null", "--daemonize", "no", nullptr);
            _exit(127);
        }
        for (int i = 0; i < 500 && access(path_.c_str(), F_OK) != 0; ++i) usleep(10'000);
    }
    ~Redis() override {
        kill(server_, SIGTERM);
        waitpid(server_, nullptr, 0);
    }
    void send(const void* bytes, size_t size) override {
        redisAppendCommand(connection(), "RPUSH q %b", bytes, size);
        if (++pending_ == kBatch) collect();
    }
    void receive(void* bytes, size_t size) override {
        if (taken_ == nullptr || at_ == taken_->elements) refill();
        std::memcpy(bytes, taken_->element[at_++]->str, size);
    }
    void finish() override { collect(); }

  private:
    static constexpr int kBatch = 64;
    redisContext* connection() {
        if (connection_ == nullptr) connection_ = redisConnectUnix(path_.c_str());
        if (connection_ == nullptr || connection_->err != 0) abort();
        return connection_;
    }
    void collect() {
        for (; pending_ > 0; --pending_) {
            void* reply = nullptr;
            if (redisGetReply(connection(), &reply) != REDIS_OK) abort();
            freeReplyObject(reply);
        }
    }
    void refill() {
        for (;;) {
            if (taken_ != nullptr) freeReplyObject(taken_);
            at_ = 0;
            taken_ = static_cast<redisReply*>(redisCommand(connection(), "LPOP q %d", kBatch));
            if (taken_ == nullptr) abort();
            if (taken_->type == REDIS_REPLY_ARRAY && taken_->elements > 0) return;
        }
    }
    const std::string path_;
    pid_t server_ = 0;
    redisContext* connection_ = nullptr;
    int pending_ = 0;
    redisReply* taken_ = nullptr;
    size_t at_ = 0;
};
#endif

}  // namespace

std::vector<CarrierKind> library_carriers() {
    std::vector<CarrierKind> kinds;
#ifdef YARD_HAVE_BOOST
    kinds.push_back({.name = "boost::interprocess", .make = [](size_t size, int) -> std::unique_ptr<Carrier> {
                         return std::make_unique<BoostQueue>(size);
                     }});
#else
    kinds.push_back({.name = "boost::interprocess", .missing = "install libboost-dev and build again"});
#endif
#ifdef YARD_HAVE_ZMQ
    kinds.push_back(
        {.name = "ZeroMQ push/pull",
         .many_to_many = false,
         .make = [](size_t, int) -> std::unique_ptr<Carrier> { return std::make_unique<ZeroMq>(); }});
#else
    kinds.push_back({.name = "ZeroMQ push/pull", .missing = "install libzmq3-dev and build again"});
#endif
#ifdef YARD_HAVE_REDIS
    // A batch may hold the messages that another receiver waits for.
    kinds.push_back(
        {.name = "Redis list, in batches",
         .many_to_many = false,
         .make = [](size_t, int) -> std::unique_ptr<Carrier> { return std::make_unique<Redis>(); }});
#else
    kinds.push_back({.name = "Redis list, in batches", .missing = "install libhiredis-dev and build again"});
#endif
#ifdef YARD_HAVE_ICEORYX
    kinds.push_back({.name = "iceoryx, polling", .many_to_many = false, .make = make_iceoryx});
#else
    kinds.push_back(
        {.name = "iceoryx, polling", .missing = "install libiceoryx-posh-dev and iceoryx, and build again"});
#endif
    return kinds;
}

}  // namespace yard::bench
