#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keeper/keeper.h"

namespace yard::keeper {
namespace {

// An earlier exit, a start, an exit, an empty tree, the record. A slot's inventory is sent whole or not yet:
// half of it, sent again, would tell of an exit twice.
constexpr uint32_t kReportsPerSlot = 5;
constexpr int kMemoryPauseMs = 10;

void tell_exit(const ExitRecord& exit, Report* report) {
    report->record.wait_status = exit.wait_status;
    report->record.stage = exit.stage;
    report->record.error = exit.error;
    report->record.tree_empty = exit.tree_empty;
    report->record.started_ns = exit.started_ns;
    report->record.ended_ns = exit.ended_ns;
    report->record.next_pid = exit.next_pid;
}

}  // namespace

void Keeper::owe(uint32_t slot, bool Record::*report) {
    Record& target = record(slot);
    target.*report = true;
    if (target.queued) return;
    target.queued = true;
    target.next_owing = kNobody;
    if (owing_tail_ == kNobody) {
        owing_head_ = slot;
    } else {
        record(owing_tail_).next_owing = slot;
    }
    owing_tail_ = slot;
}

// A new engine hears everything anew, from the inventory.
void Keeper::forget_reports() {
    while (owing_head_ != kNobody) {
        Record& target = record(owing_head_);
        owing_head_ = target.next_owing;
        target.queued = target.owes_started = target.owes_exit = target.owes_previous =
            target.owes_tree_empty = false;
    }
    owing_tail_ = kNobody;
    batch_size_ = 0;
    engine_full_ = welcomed_ = inventory_done_ = false;
    inventory_held_ = inventory_slot_ = 0;
    signals_pending_ |= signals_standing_;
    signals_unsent_ = signals_pending_;
}

// False: the socket is full; go on when it is writable.
bool Keeper::send_batch() {
    if (batch_size_ == 0) return true;
    if (engine_full_) return false;
    const ssize_t size =
        send(engine_fd_, batch_, batch_size_ * sizeof batch_[0], MSG_DONTWAIT | MSG_NOSIGNAL);
    const bool no_memory = size < 0 && (errno == ENOBUFS || errno == ENOMEM);
    if (no_memory) poll(nullptr, 0, kMemoryPauseMs);  // the socket has room, and would say so at once
    if (no_memory || (size < 0 && (errno == EAGAIN || errno == EINTR))) {
        engine_full_ = true;
        watch_engine(EPOLLIN | EPOLLOUT);
        return false;
    }
    batch_size_ = 0;  // sent, or the engine is gone and the next one asks again
    return true;
}

bool Keeper::make_space(uint32_t reports) {
    return batch_size_ + reports <= kMaxBatch || send_batch();
}

bool Keeper::push(const Report& report) {
    if (!make_space(1)) return false;
    batch_[batch_size_++] = report;
    return true;
}

Report Keeper::record_report(ReportType type, uint32_t slot) const {
    const Record& from = records_[slot];
    Report report{};
    report.type = type;
    report.key = {slot, from.generation};
    if (from.exit.generation != 0) tell_exit(from.exit, &report);
    report.record.state = from.state;
    report.record.pid = from.pid;
    report.record.shim_pid = from.shim_pid;
    report.record.started_ns = from.started_ns;
    return report;
}

bool Keeper::push_owed(uint32_t slot) {
    Record& target = record(slot);
    if (target.owes_previous && target.previous.generation != 0) {
        Report report{};
        report.type = ReportType::exited;
        report.key = {slot, target.previous.generation};
        report.record.state = RecordState::exited;
        tell_exit(target.previous, &report);
        if (!push(report)) return false;
    }
    target.owes_previous = false;
    if (target.owes_started && !push(record_report(ReportType::started, slot))) return false;
    target.owes_started = false;
    if (target.owes_exit && target.exit.generation != 0 && !push(record_report(ReportType::exited, slot)))
        return false;
    target.owes_exit = false;
    if (target.owes_tree_empty && !push(record_report(ReportType::tree_empty, slot))) return false;
    target.owes_tree_empty = false;
    return true;
}

bool Keeper::push_inventory() {
    Report report{};
    if (!welcomed_) {
        report.type = ReportType::welcome;
        report.welcome = {kProtocolVersion, slots_, instance_, engine_runs_, getpid(), arena_fd_};
        if (!push(report)) return false;
        welcomed_ = true;
    }
    for (; inventory_held_ < held_end_; ++inventory_held_) {
        report = {};
        report.type = ReportType::held;
        report.held = {held_[inventory_held_].name, held_[inventory_held_].fd};
        if (!push(report)) return false;
    }
    for (; inventory_slot_ < slots_end_; ++inventory_slot_) {
        Record& target = record(inventory_slot_);
        if (target.generation == 0) continue;
        if (!make_space(kReportsPerSlot)) return false;
        target.owes_previous = target.previous.generation != 0;
        push_owed(inventory_slot_);
        push(record_report(ReportType::record, inventory_slot_));
    }
    report = {};
    report.type = ReportType::inventory_end;
    inventory_done_ = push(report);
    return inventory_done_;
}

void Keeper::flush_reports() {
    if (engine_fd_ < 0 || engine_full_) return;
    if (!inventory_done_ && !push_inventory()) return;
    for (int number = 1; signals_unsent_ != 0 && number < 64; ++number) {
        if (!(signals_unsent_ >> number & 1)) continue;
        Report report{};
        report.type = ReportType::signal;
        report.signal = number;
        if (!push(report)) return;
        signals_unsent_ &= ~(1ULL << number);
    }
    while (owing_head_ != kNobody) {
        if (!push_owed(owing_head_)) return;
        Record& target = record(owing_head_);
        owing_head_ = target.next_owing;
        if (owing_head_ == kNobody) owing_tail_ = kNobody;
        target.queued = false;
    }
    send_batch();
}

}  // namespace yard::keeper
