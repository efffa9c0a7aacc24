// stepper FOLDER PROGRAM [ARGUMENTS]: PROGRAM by the plan in FOLDER.
// Called yard-engine, it stands in for the engine: FOLDER is $YARD_STEPS_FOLDER, PROGRAM $YARD_STEPS_ENGINE.
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "stepper.h"

namespace {

// Between two processes that share all: the child may trace once it knows so.
void run_beside_tracer(const steps::Plan& plan, const char* folder) {
    int permitted[2], ready[2];
    if (pipe(permitted) != 0 || pipe(ready) != 0) std::perror("stepper: pipe"), std::exit(71);
    const pid_t program = getpid();
    const pid_t tracer = fork();
    if (tracer < 0) std::perror("stepper: fork"), std::exit(71);
    char byte = 0;
    if (tracer == 0) {
        close(permitted[1]);
        static_cast<void>(!read(permitted[0], &byte, 1));
        dup2(ready[1], 0);
        close_range(1, ~0U, 0);
        steps::trace(program, plan, folder, 0);
    }
    prctl(PR_SET_PTRACER, tracer);
    close(permitted[0]);
    close(permitted[1]);
    close(ready[1]);
    static_cast<void>(!read(ready[0], &byte, 1));
    close(ready[0]);
}

}  // namespace

int main(int argc, char** argv) {
    // The keeper gives its engine a title of its own, so argv[0] tells nothing.
    char path[4096] = "";
    static_cast<void>(!readlink("/proc/self/exe", path, sizeof path - 1));
    const bool as_engine = std::string_view(path).ends_with("/yard-engine");
    if (!as_engine && argc < 3) return std::fputs("usage: stepper FOLDER PROGRAM [ARGUMENTS]\n", stderr), 2;
    const char* folder = as_engine ? std::getenv("YARD_STEPS_FOLDER") : argv[1];
    const char* program = as_engine ? std::getenv("YARD_STEPS_ENGINE") : argv[2];
    if (folder == nullptr || program == nullptr)
        return std::fputs("stepper: no folder or no engine\n", stderr), 2;
    steps::Plan plan;
    if (plan.take(folder)) run_beside_tracer(plan, folder);
    execv(program, as_engine ? argv : argv + 2);
    std::perror(program);
    return 71;
}
