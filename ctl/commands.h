// The commands, one function each; ctl/command_table.cc gives them their names and options.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/arguments.h"
#include "ctl/outcome.h"
#include "ctl/output.h"
#include "ctl/session.h"
#include "ctl/terminal.h"

namespace yard::ctl {

// What a command works with. Results go to `out`; what failed, progress and remarks to standard error.
struct Context {
    const Arguments& args;
    Session& session;
    Output& out;
    Output& err;
    Terminal terminal;        // what `out` writes to
    Terminal error_terminal;  // what `err` writes to
};

// The parameters {"names": [...]} that most methods take; without names they are left out, which means all.
varlink::Json with_names(const std::vector<std::string>& names);

// The states that a service can be in, as people write them.
std::span<const std::string_view> service_states();

// Prints what became of each service, a line each or one document; the exit code says whether all went well.
Outcome print_outcomes(Context& context, const varlink::Json& outcomes);

Outcome run_status(Context& context);

Outcome run_start(Context& context);
Outcome run_stop(Context& context);
Outcome run_restart(Context& context);

Outcome run_kill(Context& context);
Outcome run_renice(Context& context);
Outcome run_wait(Context& context);

Outcome run_ps(Context& context);
Outcome run_tree(Context& context);
Outcome run_logs(Context& context);
Outcome run_events(Context& context);
Outcome run_why(Context& context);

Outcome run_check(Context& context);
Outcome run_show(Context& context);
Outcome run_diff(Context& context);
Outcome run_reload(Context& context);

Outcome run_ipc_ls(Context& context);
Outcome run_ipc_create(Context& context);
Outcome run_ipc_rm(Context& context);
Outcome run_ipc_stat(Context& context);
Outcome run_ipc_who(Context& context);

Outcome run_queue_put(Context& context);
Outcome run_queue_get(Context& context);
Outcome run_queue_run(Context& context);
Outcome run_queue_peek(Context& context);
Outcome run_queue_size(Context& context);
Outcome run_queue_purge(Context& context);
Outcome run_queue_close(Context& context);

Outcome run_pipe_path(Context& context);
Outcome run_pipe_read(Context& context);
Outcome run_pipe_write(Context& context);

Outcome run_shm_read(Context& context);
Outcome run_shm_write(Context& context);

Outcome run_sem_acquire(Context& context);
Outcome run_sem_release(Context& context);
Outcome run_sem_value(Context& context);
Outcome run_sem_run(Context& context);

Outcome run_lock_run(Context& context);

Outcome run_event_set(Context& context);
Outcome run_event_clear(Context& context);
Outcome run_event_wait(Context& context);
Outcome run_event_state(Context& context);

Outcome run_ping(Context& context);
Outcome run_doctor(Context& context);
Outcome run_version(Context& context);
Outcome run_shutdown(Context& context);

}  // namespace yard::ctl
