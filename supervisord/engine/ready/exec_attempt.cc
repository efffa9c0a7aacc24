#include <optional>

#include "base/signal_number.h"
#include "engine/ready/attempt.h"

namespace yard::engine {
namespace {

Status judge(const Result<ExitStatus>& outcome) {
    if (!outcome) return fail(outcome.error());
    if (outcome->is_signal()) return fail("killed by " + signal_name(outcome->signal()));
    if (!outcome->is_exit()) return fail("its exit status is unknown");
    if (outcome->code() != 0) return fail("exit code " + std::to_string(outcome->code()));
    return Ok();
}

class ExecAttempt : public Attempt {
  public:
    ExecAttempt(CommandRunner& runner, const std::vector<std::string>& command, const std::string& service,
                AttemptDone done)
        : runner_(runner), done_(std::move(done)) {
        run_ = runner_.run(command, service, [this](const Result<ExitStatus>& outcome) {
            run_.reset();
            done_(judge(outcome));
        });
    }
    ~ExecAttempt() override {
        if (run_) runner_.cancel(*run_);
    }

  private:
    CommandRunner& runner_;
    AttemptDone done_;
    std::optional<CommandRunner::RunId> run_;
};

}  // namespace

std::unique_ptr<Attempt> start_exec_attempt(CommandRunner& runner, const std::vector<std::string>& command,
                                            const std::string& service, AttemptDone done) {
    return std::make_unique<ExecAttempt>(runner, command, service, std::move(done));
}

}  // namespace yard::engine
