#include "engine/aux_commands.h"

#include <csignal>
#include <cstring>
#include <utility>

#include "protocol/spawn_stage.h"

namespace yard::engine {

AuxCommands::AuxCommands(KeeperLink& link, uint32_t first_slot, uint32_t slots, LayImage lay_image,
                         Defer defer)
    : link_(link),
      first_slot_(first_slot),
      end_slot_(slots),
      lay_image_(std::move(lay_image)),
      defer_(std::move(defer)) {}

AuxCommands::Slot& AuxCommands::slot(uint32_t number) {
    if (number - first_slot_ >= slots_.size()) slots_.resize(number - first_slot_ + 1);
    return slots_[number - first_slot_];
}

Result<keeper::Key> AuxCommands::take_slot() {
    uint32_t number = first_slot_;
    while (number < end_slot_ && slot(number).busy) ++number;
    if (number == end_slot_)
        return fail("no process slot is free; raise the limit of open files (RLIMIT_NOFILE)");
    Slot& taken = slot(number);
    taken.busy = true;
    return keeper::Key{number, ++taken.generation};
}

CommandRunner::RunId AuxCommands::run(const std::vector<std::string>& command, const std::string& service,
                                      Done done) {
    const RunId id = ++last_run_;
    Result<keeper::Key> key = take_slot();
    const Status laid = key ? lay_image_(command, service, *key) : Status(Failure<Error>{key.error()});
    if (!laid) {
        if (key) slot(key->slot).busy = false;
        defer_([done = std::move(done), error = laid.error()] {
            done(Result<ExitStatus>(Failure<Error>{error}));
        });
        return id;
    }
    Slot& taken = slot(key->slot);
    taken.run = id;
    taken.done = std::move(done);
    link_.spawn(*key);
    return id;
}

void AuxCommands::cancel(RunId id) {
    for (size_t i = 0; i < slots_.size(); ++i) {
        Slot& running = slots_[i];
        if (!running.busy || running.run != id) continue;
        running.done = nullptr;
        link_.kill_tree({first_slot_ + static_cast<uint32_t>(i), running.generation});
    }
}

void AuxCommands::on_report(const keeper::Report& report) {
    using keeper::RecordState;
    Slot& from = slot(report.key.slot);
    const bool ours = from.generation == report.key.generation && from.busy;
    from.generation = std::max(from.generation, report.key.generation);
    if (report.type == keeper::ReportType::started || report.type == keeper::ReportType::refused) return;
    const bool ended = report.type == keeper::ReportType::exited || report.record.ended_ns != 0;
    if (!ended) {  // in the inventory: it still runs, for an engine that is gone
        if (report.record.state != RecordState::empty && report.record.state != RecordState::exited) {
            from.busy = true;
            link_.kill_tree(report.key);
        }
        return;
    }
    link_.acknowledge(report.key);
    if (!ours) return;
    if (report.record.stage != 0) {
        finish(&from, fail(std::string(kSpawnStageNames[report.record.stage]) + ": " +
                               std::strerror(report.record.error),
                           report.record.error));
    } else {
        finish(&from, ExitStatus::from_wait_status(report.record.wait_status));
    }
}

void AuxCommands::finish(Slot* slot, const Result<ExitStatus>& outcome) {
    slot->busy = false;
    Done done = std::exchange(slot->done, nullptr);
    if (done) done(outcome);  // may run the next command, which may move the slots
}

}  // namespace yard::engine
