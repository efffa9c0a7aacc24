#include <optional>

#include "engine/ready/attempt.h"
#include "engine/words.h"

namespace yard::engine {
namespace {

Status judge(const Result<CommandRunner::Ended>& outcome) {
    if (!outcome) return fail(outcome.error());
    if (outcome->status == ExitStatus::from_exit_code(0)) return Ok();
    Words why;
    why << outcome->status;
    if (!outcome->last_line.empty()) why << ": " << std::string_view(outcome->last_line);
    return fail(std::string(why.view()));
}

class ExecAttempt : public Attempt {
  public:
    ExecAttempt(CommandRunner& runner, const std::vector<std::string>& command, const std::string& service,
                AttemptDone done)
        : runner_(runner), done_(std::move(done)) {
        run_ = runner_.run(command, service, CommandRunner::Output::last_line, [this](const auto& outcome) {
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
