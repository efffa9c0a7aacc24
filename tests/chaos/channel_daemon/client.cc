// One process of the chaos, which may be killed anywhere.
//
//   channel_chaos_client ROLE NUMBER RECORD
//     produce, consume, bury, lock, permit: work as that for ever; see record.h. produce ends when the record says so.
//     room: how many messages `jobs` has room for, which it fills.
//     books: balances them; exit 0: nothing was lost, nothing came twice. NUMBER: consumers that were killed.
//
// Attaches by libyard to `jobs`, `letters`, `mutex` or `slots` of $YARD_SOCKET. A put's number is in each of its words.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#include <yard.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "record.h"

namespace chaos {
namespace {

constexpr int64_t kForever = -1;
constexpr uint64_t kPermits = 2;
constexpr useconds_t kHoldMicroseconds = 200;  // most of its time a holder holds

struct Client {
    Record& record;
    Worker& me;
    yard_client* daemon;
};

[[noreturn]] void wrong(Client& client, const std::string& what) {
    if (client.record.wrong[0] == 0)
        strncpy(client.record.wrong, what.c_str(), sizeof client.record.wrong - 1);
    _exit(3);
}

// An engine that is killed takes the connections with it, and perhaps the call that was on one.
template <typename Handle>
Handle* opened(Client& client, int (*open)(yard_client*, const char*, Handle**), const char* name) {
    for (;;) {
        Handle* handle = nullptr;
        const int error = open(client.daemon, name, &handle);
        if (error == 0) return handle;
        if (error != -ECONNRESET && error != -ECONNREFUSED && error != -EPIPE)
            wrong(client, std::string("open ") + name + ": " + strerror(-error) + ": " + yard_last_error());
    }
}

void must(Client& client, long result, const char* what) {
    if (result < 0) wrong(client, std::string(what) + ": " + strerror(static_cast<int>(-result)));
}

// ---- Messages

// Now and then: so that many are killed in the middle.
void linger() {
    static unsigned turn = 0;
    if (++turn % 16 == 0) usleep(100);
}

void put_in_place(Client& client, yard_queue* jobs, const void* data, size_t size,
                  const yard_put_options& options) {
    yard_message loan;
    must(client, yard_queue_loan(jobs, size, &options, kForever, &loan), "loan");
    memcpy(loan.data, data, size);
    linger();
    must(client, yard_queue_commit(jobs, &loan, size, &options), "commit");
}

void produce(Client& client) {
    yard_queue* const jobs = opened(client, yard_queue_open, "jobs");
    while (client.record.over == 0) {
        std::array<uint64_t, 40> words;
        const uint64_t number = client.record.next++;
        if (number >= kMostMessages) wrong(client, "the record is full");
        words.fill(number);
        const size_t size = number % 7 == 0 ? sizeof words : sizeof words[0];
        const yard_put_options options{
            .priority = 0, .reserved = 0, .delay_ns = number % 100 == 0 ? 100'000 : 0, .ttl_ns = 0};
        if (number % 5 == 0) {
            put_in_place(client, jobs, words.data(), size, options);
        } else {
            must(client, yard_queue_put_opts(jobs, words.data(), size, &options, kForever), "put");
        }
        client.record.fates[number] |= kPut;
        ++client.me.turns;
    }
}

// The message's number.
uint64_t check(Client& client, const yard_message& message) {
    const auto* const words = static_cast<const uint64_t*>(message.data);
    const uint64_t* const end = words + message.size / sizeof *words;
    const bool whole =
        message.size > 0 && std::all_of(words, end, [&](uint64_t each) { return each == words[0]; });
    if (!whole || words[0] >= client.record.next) wrong(client, "a message is not what was put");
    if ((client.record.fates[words[0]] & (kAcked | kBuried)) != 0)
        wrong(client, "message " + std::to_string(words[0]) + " came again after its end");
    return words[0];
}

// Each delivery is counted, so that no two have the same number.
void note_delivery(Client& client, uint64_t number, uint32_t deliveries) {
    std::atomic<uint8_t>& fate = client.record.fates[number];
    const uint32_t seen = fate >> kCountShift;
    if (deliveries <= seen)
        wrong(client, "delivery " + std::to_string(deliveries) + " of message " + std::to_string(number) +
                          " after " + std::to_string(seen));
    uint8_t before = fate;
    while (!fate.compare_exchange_weak(before,
                                       static_cast<uint8_t>((before & 0xF) | deliveries << kCountShift))) {
    }
}

void end(Client& client, yard_queue* queue, const yard_message& message, uint64_t number, Fate how) {
    client.me.ending = number + 1;
    must(client, yard_queue_ack(queue, message.id), "ack");
    client.record.fates[number] |= how;
    client.me.ending = 0;
    ++client.me.turns;
}

void consume(Client& client) {
    yard_queue* const jobs = opened(client, yard_queue_open, "jobs");
    for (yard_message message;;) {
        must(client, yard_queue_lease(jobs, kForever, 0, &message), "lease");
        const uint64_t number = check(client, message);
        note_delivery(client, number, message.deliveries);
        linger();
        const bool hopeless = number % 500 == 0 && client.record.without_engine == 0;
        const bool fails_once = number % 50 == 0 && message.deliveries == 1;
        if (!hopeless && !fails_once) {
            end(client, jobs, message, number, kAcked);
            continue;
        }
        must(client, yard_queue_nack(jobs, message.id, number % 100 == 0 ? 50'000 : 0), "nack");
        ++client.me.nacks;
    }
}

// Dead letters.
void bury(Client& client) {
    yard_queue* const letters = opened(client, yard_queue_open, "letters");
    for (yard_message message;;) {
        must(client, yard_queue_lease(letters, kForever, 0, &message), "lease");
        end(client, letters, message, check(client, message), kBuried);
    }
}

// ---- Holders

// Who died is told to the next one, and nobody else ever finds anything half done.
void enter(Client& client, yard_lock* mutex, bool owner_died) {
    Record& record = client.record;
    yard_death death{};
    if (!owner_died && (record.inside != 0 || record.left != record.right))
        wrong(client, "the lock was given away while somebody was inside");
    if (owner_died && yard_lock_last_owner(mutex, &death) != 1) wrong(client, "nobody knows who died");
    const uint64_t inside = record.inside.exchange(static_cast<uint64_t>(getpid()));
    if (inside != 0 && inside != static_cast<uint64_t>(death.pid))
        wrong(client, "somebody else is said to have died");
    if (owner_died && death.wait_status != SIGKILL && death.wait_status != -1)
        wrong(client, "it did not die like that");
    record.left = record.right.load();
}

void lock(Client& client) {
    yard_lock* const mutex = opened(client, yard_lock_open, "mutex");
    for (;;) {
        const int result = yard_lock_acquire(mutex, kForever);
        must(client, result, "acquire a lock");
        enter(client, mutex, result == EOWNERDEAD);
        ++client.record.left;
        usleep(kHoldMicroseconds);
        ++client.record.right;
        if (client.record.inside.exchange(0) != static_cast<uint64_t>(getpid()))
            wrong(client, "two held the lock");
        must(client, yard_lock_release(mutex), "release a lock");
        ++client.me.turns;
    }
}

bool is_alive(uint64_t pid) {
    std::string line;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), line);
    const size_t name_end = line.rfind(')');
    return name_end != std::string::npos && line[name_end + 2] != 'Z' && line[name_end + 2] != 'X';
}

// Those that were inside at one moment, and still live.
uint64_t holders(const Record& record) {
    std::array<uint64_t, kWorkers> first, again;
    for (uint32_t i = 0; i < kWorkers; ++i) first[i] = record.workers[i].permit;
    for (uint32_t i = 0; i < kWorkers; ++i) again[i] = record.workers[i].permit;
    if (first != again) return 0;
    return static_cast<uint64_t>(std::count_if(
        first.begin(), first.end(), [](uint64_t permit) { return permit != 0 && is_alive(permit >> 32); }));
}

void permit(Client& client) {
    yard_semaphore* const slots = opened(client, yard_semaphore_open, "slots");
    for (;;) {
        must(client, yard_semaphore_acquire(slots, kForever), "acquire a permit");
        client.me.permit = static_cast<uint64_t>(getpid()) << 32 | (client.me.turns & UINT32_MAX);
        if (holders(client.record) > kPermits) wrong(client, "more hold a permit than there are");
        usleep(kHoldMicroseconds);
        client.me.permit = 0;
        must(client, yard_semaphore_release(slots), "release a permit");
        ++client.me.turns;
    }
}

// ---- Afterwards

void room(Client& client) {
    yard_queue* const jobs = opened(client, yard_queue_open, "jobs");
    unsigned put = 0;
    while (yard_queue_put(jobs, "x", 1, 0) == 0) ++put;
    printf("%u\n", put);
}

void note_end(Record& record, Worker& worker) {
    if (worker.ending == 0) return;
    record.ends[record.known_ends++ % kMostEnds] = worker.ending - 1;
    worker.ending = 0;
}

// Nothing is lost: what was put has an end, or somebody was killed who was about to tell it.
// Nothing comes twice: each nack, and each consumer that was killed, makes for one more delivery, or for a dead letter.
bool balance(Record& record, uint64_t consumers_killed) {
    for (Worker& worker : record.workers) note_end(record, worker);
    const std::set<uint64_t> ends(record.ends, record.ends + record.known_ends);
    uint64_t put = 0, acked = 0, buried = 0, untold = 0, lost = 0, twice = 0, again = 0, nacks = 0;
    for (uint64_t i = 0; i < record.next; ++i) {
        const uint8_t fate = record.fates[i];
        put += fate != 0;
        acked += (fate & kAcked) != 0;
        buried += (fate & kBuried) != 0;
        twice += (fate & kAcked) != 0 && (fate & kBuried) != 0;
        const bool has_end = (fate & (kAcked | kBuried)) != 0;
        if (fate != 0 && !has_end) ends.contains(i) ? ++untold : ++lost;
        again += std::max(fate >> kCountShift, 1) - 1U;
    }
    for (const Worker& worker : record.workers) nacks += worker.nacks;
    printf(
        "%lu messages: %lu acknowledged, %lu buried, %lu ended untold by the killed, %lu lost, %lu ended "
        "twice\n",
        put, acked, buried, untold, lost, twice);
    printf("%lu delivered again, of %lu refused and %lu consumers killed\n", again, nacks, consumers_killed);
    const bool balanced = lost == 0 && twice == 0 && again + buried <= nacks + consumers_killed;
    if (!balanced) printf("WRONG\n");
    return balanced;
}

Record& record_in(const char* path) {
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void* memory = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, sizeof(Record)) == 0)
        memory = mmap(nullptr, sizeof(Record), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        perror(path);
        exit(2);
    }
    return *static_cast<Record*>(memory);
}

}  // namespace
}  // namespace chaos

int main(int argc, char** argv) {
    using namespace chaos;
    if (argc != 4) return 2;
    const std::string role = argv[1];
    const auto number = static_cast<uint32_t>(atoi(argv[2]));
    Record& record = record_in(argv[3]);
    if (role == "books") return balance(record, number) ? 0 : 1;

    const std::map<std::string, void (*)(Client&)> roles = {{"produce", produce}, {"consume", consume},
                                                            {"bury", bury},       {"lock", lock},
                                                            {"permit", permit},   {"room", room}};
    Client client{record, record.workers[number % kWorkers], nullptr};
    note_end(record, client.me);  // of the one before
    client.me.permit = 0;
    client.me.pid = static_cast<uint64_t>(getpid());
    while (client.daemon == nullptr) client.daemon = yard_connect(nullptr);
    roles.at(role)(client);
    return 0;
}
