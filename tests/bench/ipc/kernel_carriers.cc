#include <fcntl.h>
#include <mqueue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/unique_fd.h"
#include "carrier.h"

namespace yard::bench {
namespace {

class Pipe : public Carrier {
  public:
    Pipe() {
        int ends[2];
        if (pipe(ends) != 0) abort();
        read_.reset(ends[0]);
        write_.reset(ends[1]);
    }
    // Atomic up to PIPE_BUF only, so larger ones are for one sender and one receiver.
    void send(const void* bytes, size_t size) override {
        const char* at = static_cast<const char*>(bytes);
        for (ssize_t sent; size > 0; at += sent, size -= static_cast<size_t>(sent)) {
            if ((sent = write(write_.get(), at, size)) <= 0) abort();
        }
    }
    void receive(void* bytes, size_t size) override {
        char* at = static_cast<char*>(bytes);
        for (ssize_t got; size > 0; at += got, size -= static_cast<size_t>(got)) {
            if ((got = read(read_.get(), at, size)) <= 0) abort();
        }
    }

  private:
    UniqueFd read_, write_;
};

class SeqPacket : public Carrier {
  public:
    explicit SeqPacket(size_t size) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0) abort();
        receiving_.reset(ends[0]);
        sending_.reset(ends[1]);
        const int buffer = static_cast<int>(4 * size);
        if (size > 16384) setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    }
    void send(const void* bytes, size_t size) override {
        if (::send(sending_.get(), bytes, size, 0) != static_cast<ssize_t>(size)) abort();
    }
    void receive(void* bytes, size_t size) override {
        if (recv(receiving_.get(), bytes, size, 0) != static_cast<ssize_t>(size)) abort();
    }

  private:
    UniqueFd receiving_, sending_;
};

class MessageQueue : public Carrier {
  public:
    static constexpr const char* kName = "/yard-bench";
    explicit MessageQueue(size_t size) {
        mq_attr attributes{};
        attributes.mq_maxmsg = 10;
        attributes.mq_msgsize = static_cast<long>(size);
        mq_unlink(kName);
        queue_ = mq_open(kName, O_CREAT | O_RDWR | O_EXCL, 0600, &attributes);
        if (queue_ < 0) abort();
        mq_unlink(kName);
    }
    ~MessageQueue() override { mq_close(queue_); }
    void send(const void* bytes, size_t size) override {
        if (mq_send(queue_, static_cast<const char*>(bytes), size, 0) != 0) abort();
    }
    void receive(void* bytes, size_t size) override {
        if (mq_receive(queue_, static_cast<char*>(bytes), size, nullptr) < 0) abort();
    }

  private:
    mqd_t queue_;
};

}  // namespace

std::vector<CarrierKind> kernel_carriers() {
    return {
        {.name = "pipe",
         .make = [](size_t, int) -> std::unique_ptr<Carrier> { return std::make_unique<Pipe>(); }},
        {.name = "unix seqpacket",
         .max_size = 65536,
         .make = [](size_t size, int) -> std::unique_ptr<Carrier> {
             return std::make_unique<SeqPacket>(size);
         }},
        {.name = "POSIX mq",
         .max_size = 8192,
         .make = [](size_t size, int) -> std::unique_ptr<Carrier> {
             return std::make_unique<MessageQueue>(size);
         }},
    };
}

}  // namespace yard::bench
