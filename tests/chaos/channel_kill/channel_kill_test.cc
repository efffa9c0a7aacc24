// Producers and consumers of one queue are killed, and stopped for a while, at random. Then the books are balanced: every message
// whose put returned was delivered, none that was acknowledged came again, and all room is there.
//
//   channel_kill_test [KILLS [SEED]]      exit 0: balanced
//
// This process stands for the broker: it hears of each death by a pidfd, takes back what the dead one had, and starts another in
// its place. What each client did is told in memory of its own, so that it survives the client.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>
#include <vector>

#include "ipc/channel/queue.h"
#include "ipc/channel/recovery.h"

namespace {

using namespace yard::ipc;

constexpr unsigned kClients = 8;  // the first half puts
constexpr uint64_t kMostMessages = 1 << 27;
constexpr Nanoseconds kDeadline = 20'000'000'000;  // without any message acknowledged
const Death kKilled{0, 9};

// Of each message, by its number. Bits.
enum Fate : uint8_t { kPut = 1, kAcked = 2, kAckedTwice = 4 };

struct Record {
    SharedWord<uint64_t> next;       // number
    SharedWord<uint64_t> acked;      // so many, for the deadline
    SharedWord<uint64_t> delivered;  // with those that came again
    SharedWord<uint32_t> over;
    SharedWord<uint64_t> ending[kClients];  // 1 + the message that it is about to acknowledge; 0: none
    SharedWord<uint8_t> fates[kMostMessages];
};

struct Client {
    pid_t pid = 0;
    int pidfd = -1;
    bool stopped = false;
};

Record& make_record() {
    void* const memory = mmap(nullptr, sizeof(Record), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) exit(2);
    return *static_cast<Record*>(memory);
}

// Adds `bit`, or `again` when it is there.
void note(SharedWord<uint8_t>& fate, uint8_t bit, uint8_t again) {
    for (;;) {
        const uint8_t before = fate.load();
        const auto after = static_cast<uint8_t>(before | ((before & bit) != 0 ? again : bit));
        if (fate.replace(before, after)) return;
    }
}

void produce(const Segment& segment, OwnerId me, Record& record) {
    Queue queue(segment, me, nullptr);
    while (record.over.load() == 0) {
        uint64_t text[40];
        std::fill(std::begin(text), std::end(text), record.next.add(1));
        if (text[0] >= kMostMessages) return;
        const size_t size = text[0] % 7 == 0 ? sizeof text : 8;  // some are large
        const PutOptions options{.delay = text[0] % 100 == 0 ? 100'000 : 0};
        if (queue.put(std::as_bytes(std::span(text)).first(size), options, kForever) != 0) return;
        note(record.fates[text[0]], kPut, 0);
    }
}

bool is_whole(const Message& message) {
    const auto* const words = reinterpret_cast<const uint64_t*>(message.data);
    return std::all_of(words, words + message.size / 8, [&](uint64_t word) { return word == words[0]; });
}

void consume(const Segment& segment, OwnerId me, Record& record) {
    SharedWord<uint64_t>& ending = record.ending[me - 1];
    Queue queue(segment, me, nullptr);
    for (Message message; queue.lease(&message, 4096, kForever) == 0;) {
        if (!is_whole(message)) abort();
        const uint64_t number = *reinterpret_cast<uint64_t*>(message.data);
        record.delivered.add(1);
        if (number % 50 == 0 && message.deliveries == 1) {
            if (queue.nack(message.id, number % 100 == 0 ? 50'000 : 0) != 0) abort();
            continue;
        }
        ending.store(number + 1);
        if (queue.ack(message.id) != 0) abort();
        note(record.fates[number], kAcked, kAckedTwice);
        ending.store(0);
        record.acked.add(1);
    }
}

class World {
  public:
    World(const Segment& segment, unsigned seed) : segment_(segment), record_(make_record()), random_(seed) {
        for (unsigned i = 0; i < kClients; ++i) start(i);
    }

    bool run(unsigned kills) {
        for (unsigned done = 0; done < kills;) {
            usleep(static_cast<useconds_t>(random_() % 2'000));
            Client& client = clients_[random_() % kClients];
            if (!is_alive()) return false;
            if (random_() % 3 == 0) {
                kill(client.pid, client.stopped ? SIGCONT : SIGSTOP);
                client.stopped = !client.stopped;
                continue;
            }
            const bool consumer = &client >= &clients_[kClients / 2];
            kill(client.pid, SIGKILL);
            deaths_of_consumers_ += consumer;
            bury(client);
            start(static_cast<unsigned>(&client - clients_));
            ++done;
        }
        return end();
    }

  private:
    void start(unsigned i) {
        Client& client = clients_[i];
        client.pid = fork();
        if (client.pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            i < kClients / 2 ? produce(segment_, i + 1, record_) : consume(segment_, i + 1, record_);
            _exit(0);
        }
        client.pidfd = static_cast<int>(syscall(SYS_pidfd_open, client.pid, 0));
        client.stopped = false;
    }

    void bury(Client& client) {
        pollfd death{client.pidfd, POLLIN, 0};
        poll(&death, 1, -1);
        waitid(P_PID, static_cast<id_t>(client.pid), &how_, WEXITED);
        close(client.pidfd);
        crashed_ = crashed_ || how_.si_status == SIGABRT || how_.si_status == SIGSEGV;
        const auto number = &client - clients_;
        if (const uint64_t end = record_.ending[number].load(); end != 0) untold_.insert(end - 1);
        record_.ending[number].store(0);
        recover(segment_, static_cast<OwnerId>(number + 1), kKilled, nullptr);
    }

    // False, and the state of the queue: nothing was acknowledged for too long.
    bool is_alive() {
        const Nanoseconds now = monotonic_now();
        if (const uint64_t acked = record_.acked.load(); acked != last_acked_) {
            last_acked_ = acked;
            last_change_ = now;
        }
        if (now - last_change_ < kDeadline && !crashed_) return true;
        const QueueCounts counts = Queue(segment_, kBroker, nullptr).counts();
        printf("%s: %u queued, %u leased, %u delayed, %lu puts, %lu gets, %lu bytes\n",
               crashed_ ? "a client crashed" : "stuck", counts.queued, counts.leased, counts.delayed,
               counts.puts, counts.gets, counts.bytes);
        for (const Client& client : clients_) kill(client.pid, SIGKILL);
        return false;
    }

    bool end() {
        record_.over.store(1);
        for (Client& client : clients_) kill(client.pid, SIGCONT);
        for (unsigned i = 0; i < kClients / 2; ++i) bury(clients_[i]);
        Queue queue(segment_, kBroker, nullptr);
        while (queue.counts().queued + queue.counts().leased + queue.counts().delayed > 0) {
            if (!is_alive()) return false;
            usleep(1'000);
        }
        queue.close();
        for (unsigned i = kClients / 2; i < kClients; ++i) bury(clients_[i]);
        return balance(queue);
    }

    bool balance(Queue& queue) {
        uint64_t put = 0, untold = 0, lost = 0, twice = 0;
        for (uint64_t i = 0; i < std::min(record_.next.load(), kMostMessages); ++i) {
            const uint8_t fate = record_.fates[i].load();
            put += (fate & (kPut | kAcked)) != 0;
            if ((fate & (kPut | kAcked)) == kPut) untold_.contains(i) ? ++untold : ++lost;
            twice += (fate & kAckedTwice) != 0;
        }
        uint32_t room = 0;
        segment_.header().closed.store(0);
        while (queue.loan(8, {}, 0, &loans_) == 0) ++room;
        printf(
            "%lu messages, %lu deliveries; %u consumers killed, of which %lu between ack and saying so; %lu "
            "lost; "
            "%lu acknowledged twice; %lu bytes; room for %u\n",
            put, record_.delivered.load(), deaths_of_consumers_, untold, lost, twice, queue.counts().bytes,
            room);
        return !crashed_ && lost == 0 && twice == 0 && room == segment_.spec().capacity &&
               queue.counts().bytes == uint64_t{room} * 8;
    }

    const Segment& segment_;
    Record& record_;
    std::mt19937 random_;
    Client clients_[kClients];
    siginfo_t how_{};
    Message loans_;
    bool crashed_ = false;
    unsigned deaths_of_consumers_ = 0;
    std::set<uint64_t>
        untold_;  // whose consumers were killed when they were about to acknowledge, or had just done so
    uint64_t last_acked_ = 0;
    Nanoseconds last_change_ = monotonic_now();
};

}  // namespace

int main(int argc, char** argv) {
    const char* const by_environment = getenv("YARD_CHAOS_KILLS");
    const auto kills = static_cast<unsigned>(argc > 1         ? atoi(argv[1])
                                             : by_environment ? atoi(by_environment)
                                                              : 300);
    const auto seed = static_cast<unsigned>(argc > 2 ? atoi(argv[2]) : monotonic_now());
    printf("%u kills, seed %u\n", kills, seed);
    fflush(stdout);
    yard::UniqueFd fd;
    const ObjectSpec spec{.kind = Kind::queue, .capacity = 64, .max_message = 4096, .max_bytes = 8192};
    yard::Result<Segment> segment = Segment::create(spec, "chaos", &fd);
    if (!segment.ok()) return 2;
    return World(*segment, seed).run(kills) ? 0 : 1;
}
