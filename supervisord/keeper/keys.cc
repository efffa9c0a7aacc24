#include "keeper/keeper.h"

namespace yard::keeper {

void Keeper::spawn(const Key& key) {
    Record& target = record(key.slot);
    if (key.generation < target.generation) {
        Report refusal{};
        refusal.type = ReportType::refused;
        refusal.key = key;
        push(refusal);
        return;
    }
    if (key.generation == target.generation) {  // asked before: say what is
        if (target.state == RecordState::running) owe(key.slot, &Record::owes_started);
        if (target.exit.generation != 0) owe(key.slot, &Record::owes_exit);
        return;
    }
    if (target.state != RecordState::empty && target.state != RecordState::exited) return;
    if (target.exit.generation != 0) acknowledge({key.slot, target.exit.generation});
    if (!start(key.slot, key.generation)) main_ended(key.slot, 127 << 8, true);
}

}  // namespace yard::keeper
