#include "queue_books.h"

#include <errno.h>

#include <algorithm>

#include "ipc/channel/object_spec.h"

namespace steps {
namespace {

using namespace yard::ipc;

constexpr int kRounds = 3;  // round the ring, so that cells and descriptors come back

// Fills the queue with `least` or more messages and takes them again, in order.
Complaint fill_and_empty(World& world, unsigned least, unsigned most) {
    Queue queue(world.segment, kOther, nullptr);
    Texts sent, got;
    const bool drops = world.segment.spec().full_policy == static_cast<uint32_t>(FullPolicy::drop_oldest);
    const unsigned attempts = drops ? least : most + 1;
    for (unsigned i = 0; i < attempts && put(queue, std::to_string(i)) == 0; ++i)
        sent.push_back(std::to_string(i));
    if (sent.size() < least || sent.size() > most)
        return "there was room for " + std::to_string(sent.size()) + " messages";
    char byte = 0;
    const ptrdiff_t first = queue.peek(&byte, 1);
    if (!sent.empty() && (first != 1 || byte != '0')) return "peek says " + std::to_string(first);
    while (const auto text = take(queue)) got.push_back(*text);
    if (sent != got) return "put " + show(sent) + " but got " + show(got);
    return {};
}

Complaint rounds(World& world, unsigned least, unsigned most) {
    for (int round = 0; round < kRounds; ++round) {
        if (Complaint wrong = fill_and_empty(world, least, most); !wrong.empty()) return wrong;
    }
    return {};
}

bool is_one_of(const Texts& texts, const std::vector<Texts>& allowed) {
    return std::find(allowed.begin(), allowed.end(), texts) != allowed.end();
}

Texts sorted(Texts texts) {
    std::sort(texts.begin(), texts.end());
    return texts;
}

uint64_t total_size(const Texts& texts) {
    uint64_t total = 0;
    for (const std::string& text : texts) total += text.size() - text.starts_with('+');
    return total;
}

unsigned capacity(const World& world) {
    return world.segment.spec().capacity;
}

Complaint check_after_death(World& world, const QueueBooks& books) {
    Queue queue(world.segment, kOther, nullptr);
    const uint64_t bytes = queue.counts().bytes;
    Texts found = drain(world);
    if (world.segment.spec().max_bytes != 0 && bytes != total_size(found))
        return "the sum of bytes is " + std::to_string(bytes) + " of " + show(found);
    const bool news =
        std::any_of(found.begin(), found.end(), [](const auto& text) { return text[0] == 'N'; });
    if (world.report.put && !news) return "put had returned, found " + show(found);
    if (!books.in_order) found = sorted(found);
    if (!is_one_of(found, books.killed)) return "found " + show(found);
    return rounds(world, capacity(world), capacity(world));
}

// The others also leave some, which must be there in the end.
Complaint work_beside(World& world, const QueueBooks& books) {
    char byte = 0;
    const ptrdiff_t first = Queue(world.segment, kOther, nullptr).peek(&byte, 1);
    world.seen = drain(world);
    const bool only_letters = world.seen.empty() || world.seen[0][0] == '+';
    if (first < 0 && !only_letters) return "peek did not see " + show(world.seen);
    Complaint wrong = rounds(world, capacity(world) - books.held, capacity(world));
    Queue queue(world.segment, kOther, nullptr);
    for (unsigned i = 0; books.others_leave_some && i < capacity(world) - books.held; ++i) {
        world.left.push_back("left" + std::to_string(i));
        if (put(queue, world.left.back()) != 0) return "there was no room for what should be left";
    }
    return wrong;
}

// Takes away what the others left. False: it is not there once each.
bool take_away(Texts* all, const Texts& left) {
    for (const std::string& text : left) {
        if (std::erase(*all, text) != 1) return false;
    }
    return true;
}

Complaint check_after_the_end(World& world, const QueueBooks& books) {
    const Report& report = world.report;
    Texts all = world.seen;
    const Texts rest = drain(world);
    all.insert(all.end(), rest.begin(), rest.end());
    if (report.taken[0] != 0) all.push_back(report.taken);
    const auto news = std::count_if(all.begin(), all.end(), [](const auto& text) { return text[0] == 'N'; });
    if (news != report.put) return "put said " + std::to_string(report.result) + ", found " + show(all);
    if (!take_away(&all, world.left) || !is_one_of(sorted(all), books.ended))
        return "the result is " + std::to_string(report.result) + ", delivered " + show(all);
    if (const uint64_t bytes = Queue(world.segment, kOther, nullptr).counts().bytes; bytes != 0)
        return "the sum of bytes is " + std::to_string(bytes) + " of nothing";
    return rounds(world, capacity(world), capacity(world));
}

}  // namespace

int put(Queue& queue, const std::string& text, const PutOptions& options) {
    return queue.put(bytes_of(text), options, 0);
}

std::optional<std::string> take(Queue& queue) {
    std::string text(512, '\0');
    ptrdiff_t size = queue.take(text.data(), text.size(), 0);
    constexpr Nanoseconds kPatience = 100'000'000;
    if (size == -EAGAIN && queue.next_due() < monotonic_now() + kPatience)
        size = queue.take(text.data(), text.size(), queue.next_due() + kPatience / 10);
    if (size < 0) return std::nullopt;
    text.resize(static_cast<size_t>(size));
    return text;
}

Texts drain(World& world) {
    Queue queue(world.segment, kOther, nullptr);
    Queue letters(world.letters, kOther, nullptr);
    Texts texts;
    while (const auto text = take(queue)) texts.push_back(*text);
    while (const auto text = take(letters)) texts.push_back("+" + *text);
    if (!world.broker_is_stopped) move_dead_letters(world.segment, world.letters, nullptr);
    while (const auto text = take(letters)) texts.push_back("+" + *text);
    return texts;
}

std::string show(const Texts& texts) {
    std::string line = "[";
    for (const std::string& text : texts) line += " " + (text.size() > 20 ? text.substr(0, 20) + ".." : text);
    return line + " ]";
}

void QueueBooks::keep(Case& into) const {
    QueueBooks books = *this;
    for (Texts& texts : books.ended) texts = sorted(texts);
    if (!in_order) {
        for (Texts& texts : books.killed) texts = sorted(texts);
    }
    into.after_death = [books](World& world) { return check_after_death(world, books); };
    into.while_stopped = [books](World& world) { return work_beside(world, books); };
    into.after_the_end = [books](World& world) { return check_after_the_end(world, books); };
}

}  // namespace steps
