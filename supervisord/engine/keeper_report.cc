#include "engine/keeper_report.h"

#include "protocol/spawn_stage.h"

namespace yard::engine {

ExitStatus exit_status_of(const keeper::Report& report) {
    const int32_t status = report.record.wait_status;
    return status == keeper::kStatusUnknown ? ExitStatus::unknown() : ExitStatus::from_wait_status(status);
}

SpawnFailure spawn_failure_of(const keeper::Report& report, const std::string& cwd,
                              const std::string& program) {
    const auto stage = static_cast<SpawnStage>(report.record.stage);
    const std::string object = stage == SpawnStage::cwd ? cwd : stage == SpawnStage::exec ? program : "";
    return {kSpawnStageNames[report.record.stage], report.record.error, object};
}

}  // namespace yard::engine
