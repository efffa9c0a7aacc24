#include "engine/aux_commands.h"

#include <utility>

#include "engine/keeper_report.h"

namespace yard::engine {

AuxCommands::AuxCommands(KeeperLink& link, uint32_t first_slot, uint32_t slots, Hooks hooks)
    : link_(link), first_slot_(first_slot), end_slot_(slots), hooks_(std::move(hooks)) {}

Result<keeper::Key> AuxCommands::take_slot() {
    uint32_t number = first_slot_;
    while (number < end_slot_ && slots_[number].busy) ++number;
    if (number == end_slot_)
        return fail("no process slot is free; raise the limit of open files (RLIMIT_NOFILE)");
    Slot& taken = slots_[number];
    taken.busy = true;
    return keeper::Key{number, ++taken.generation};
}

CommandRunner::RunId AuxCommands::run(const std::vector<std::string>& command, const std::string& service,
                                      Output output, Done done) {
    const RunId id = ++last_run_;
    Result<keeper::Key> key = take_slot();
    const Status prepared = key ? prepare(command, service, output, *key) : Status(fail(key.error()));
    if (!prepared) {
        if (key) slots_[key->slot].busy = false;
        hooks_.defer([done = std::move(done), error = prepared.error()] { done(fail(error)); });
        return id;
    }
    Slot& taken = slots_[key->slot];
    taken.run = id;
    taken.done = std::move(done);
    link_.spawn(*key);
    return id;
}

Status AuxCommands::prepare(const std::vector<std::string>& command, const std::string& service,
                            Output output, keeper::Key key) {
    Slot& taken = slots_[key.slot];
    taken.program = command.front();
    taken.tail.reset();
    if (output == Output::last_line) {
        Result<std::unique_ptr<OutputTail>> tail = hooks_.open_tail(service);
        if (!tail) return fail(std::move(tail).error());
        taken.tail = std::move(*tail);
    }
    return hooks_.lay_image(command, service, output, key);
}

void AuxCommands::cancel(RunId id) {
    for (auto& [number, running] : slots_) {
        if (!running.busy || running.run != id) continue;
        running.done = nullptr;
        link_.kill_tree({number, running.generation});
    }
}

void AuxCommands::on_report(const keeper::Report& report) {
    using keeper::RecordState;
    Slot& from = slots_[report.key.slot];
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
    finish(&from, report);
}

void AuxCommands::finish(Slot* slot, const keeper::Report& report) {
    const std::unique_ptr<OutputTail> tail = std::move(slot->tail);
    slot->busy = false;
    const Done done = std::exchange(slot->done, nullptr);
    if (!done) return;
    if (report.record.stage != 0) {
        Words why;
        why << spawn_failure_of(report, "", slot->program);
        done(fail(std::string(why.view()), report.record.error));
    } else {
        done(Ended{exit_status_of(report), tail ? tail->last_line() : ""});
    }
}

}  // namespace yard::engine
