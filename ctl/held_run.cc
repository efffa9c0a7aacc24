// ctl queue run, sem run, lock run: a command that works while ctl holds something for it.
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "base/exit_status.h"
#include "base/signal_number.h"
#include "ctl/channel.h"
#include "ctl/child_command.h"

namespace yard::ctl {
namespace {

// As a file, so that the command may read it when and as often as it likes.
Result<UniqueFd, Trouble> file_of(const yard_message& message) {
    UniqueFd file(memfd_create("message", MFD_CLOEXEC));
    const auto* const bytes = static_cast<const char*>(message.data);
    for (size_t written = 0; file && written < message.size;) {
        const ssize_t count = write(file.get(), bytes + written, message.size - written);
        if (count < 0) file.reset();
        written += static_cast<size_t>(std::max<ssize_t>(count, 0));
    }
    if (!file || lseek(file.get(), 0, SEEK_SET) < 0)
        return trouble(ExitCode::failed, system_error("copy", "a message").message);
    return file;
}

// Feeds one message to the command: its exit code.
Result<int, Trouble> work_on(Context& context, yard_queue* queue, const yard_message& message) {
    Result<UniqueFd, Trouble> input = file_of(message);
    if (!input) return trouble(input.error());
    const Result<int, Trouble> code = run_command(
        context.args.command, std::move(input).value(),
        {"YARD_QUEUE=" + context.args.name, "YARD_DELIVERIES=" + std::to_string(message.deliveries)});
    if (!code) return code;
    const int result = *code == 0 ? yard_queue_ack(queue, message.id)
                                  : yard_queue_nack(queue, message.id, nanoseconds(context.args.delay));
    if (result < 0) return trouble(channel_trouble(context, result));
    return code;
}

// Runs the command with what was acquired and gives that back.
template <typename T>
Outcome run_holding(Context& context, T* held, int (*release)(T*),
                    const std::vector<std::string>& variables) {
    const Result<int, Trouble> code = run_command(context.args.command, UniqueFd(), variables);
    const int result = release(held);
    if (!code) return trouble(code.error());
    if (result < 0) return trouble(channel_trouble(context, result));
    return static_cast<ExitCode>(*code);
}

std::string what_became_of(const yard_death& death) {
    if (death.wait_status == -1) return "died, or began another program,";
    const ExitStatus status = ExitStatus::from_wait_status(death.wait_status);
    if (status.is_signal()) return "was killed by " + signal_name(status.signal());
    return "ended with code " + std::to_string(status.as_shell_code());
}

}  // namespace

Outcome run_queue_run(Context& context) {
    const Arguments& args = context.args;
    const auto queue = open_channel<yard_queue>(context, yard_queue_open);
    if (!queue) return trouble(queue.error());
    const Patience patience(args.timeout);
    int last_failure = 0;
    for (int64_t left = args.count.value_or(1); args.follow || left > 0; --left) {
        yard_message message;
        const int result = yard_queue_lease(queue->get(), patience.left_ns(), 0, &message);
        if (result == -EPIPE && args.follow) break;
        if (result < 0) return trouble(channel_trouble(context, result));
        const Result<int, Trouble> code = work_on(context, queue->get(), message);
        if (!code) return trouble(code.error());
        if (*code != 0) last_failure = *code;
    }
    return static_cast<ExitCode>(last_failure);
}

Outcome run_sem_run(Context& context) {
    const auto semaphore = open_channel<yard_semaphore>(context, yard_semaphore_open);
    if (!semaphore) return trouble(semaphore.error());
    const int result = yard_semaphore_acquire_as(semaphore->get(), YARD_PERMIT_RESOURCE,
                                                 Patience(context.args.timeout).left_ns());
    if (result < 0) return trouble(channel_trouble(context, result));
    return run_holding(context, semaphore->get(), yard_semaphore_release, {});
}

Outcome run_lock_run(Context& context) {
    const auto lock = open_channel<yard_lock>(context, yard_lock_open);
    if (!lock) return trouble(lock.error());
    const int result = yard_lock_acquire(lock->get(), Patience(context.args.timeout).left_ns());
    if (result < 0) return trouble(channel_trouble(context, result));
    std::vector<std::string> variables;
    if (result == EOWNERDEAD) {
        yard_death death{};
        yard_lock_last_owner(lock->get(), &death);
        variables.push_back("YARD_OWNER_DIED=" + std::to_string(death.pid));
        context.err.line("ctl: process " + std::to_string(death.pid) + ' ' + what_became_of(death) +
                         " while it held the lock; what the lock protects may be half done");
        context.err.flush();
    }
    return run_holding(context, lock->get(), yard_lock_release, variables);
}

}  // namespace yard::ctl
