// The rows of the commands on channel objects.
#include "ctl/command_table.h"
#include "ctl/commands.h"

namespace yard::ctl {
namespace {

using A = Arguments;

constexpr Option kTimeout = {"--timeout", "DURATION", "give up after this long, with exit code 5",
                             &A::timeout};
constexpr Option kQueue = {"QUEUE", "", "the queue", &A::name, true};
constexpr Option kPipe = {"PIPE", "", "the pipe", &A::name, true};
constexpr Option kShm = {"SHM", "", "the shared memory", &A::name, true};
constexpr Option kSemaphore = {"SEMAPHORE", "", "the semaphore", &A::name, true};
constexpr Option kLock = {"LOCK", "", "the lock", &A::name, true};
constexpr Option kEvent = {"EVENT", "", "the event", &A::name, true};
constexpr Option kCommand = {"COMMAND", "", "what to run, with its arguments, behind --", &A::command, true};
constexpr Option kLines = {"--lines", "", "messages end with a newline each", &A::by_line};
constexpr Option kNull = {"--null", "", "messages end with a NUL byte each", &A::by_null};
constexpr Option kLengths = {"--length-prefixed", "",
                             "before each message its length: 4 bytes, the highest first", &A::by_length};

constexpr Option kListing[] = {
    {"OBJECT", "", "only these; a pattern is possible ('app/*')", &A::names},
};
constexpr Option kCreating[] = {
    {"KIND", "", "queue, semaphore, lock, event, shm or pipe", &A::kind, true},
    {"OBJECT", "", "its name: words of letters, digits, '.', '_' and '-', with '/' between them", &A::name,
     true},
    {"OPTION", "", "KEY=VALUE, as in the configuration: capacity=100, size=1MiB", &A::options},
    {"--mode", "MODE", "who may use it, in octal as of a file (default: 0600)", &A::mode},
    {"--ephemeral", "", "it goes with its last user, once it had one", &A::ephemeral},
    {"--exist-ok", "", "one that is there already will do", &A::exist_ok},
};
constexpr Option kRemoving[] = {{"OBJECT", "", "the object", &A::names, true}};
constexpr Option kStat[] = {{"OBJECT", "", "the object; a pattern is possible ('app/*')", &A::names, true}};
constexpr Option kWho[] = {{"OBJECT", "", "the object", &A::name, true}};

constexpr Option kPutting[] = {
    kQueue,
    {"DATA", "", "the message; without it, standard input up to its end is one", &A::data},
    kLines,
    kNull,
    kLengths,
    {"--priority", "N", "0 to 7, the highest first; in a queue with priorities", &A::priority},
    {"--delay", "DURATION", "nobody gets it before", &A::delay},
    {"--ttl", "DURATION", "nobody gets it after", &A::ttl},
    kTimeout,
};
constexpr Option kGetting[] = {
    kQueue,
    {"-n,--count", "N", "how many (default: 1)", &A::count},
    {"-f,--follow", "", "go on until the queue is closed", &A::follow},
    kLines,
    kNull,
    kLengths,
    kTimeout,
};
constexpr Option kQueueRunning[] = {
    kQueue,
    kCommand,
    {"-n,--count", "N", "how many messages, one after the other (default: 1)", &A::count},
    {"-f,--follow", "", "go on until the queue is closed", &A::follow},
    {"--delay", "DURATION", "deliver what failed again only after this long", &A::delay},
    kTimeout,
};
constexpr Option kOnlyQueue[] = {kQueue};
constexpr Option kClosing[] = {
    kQueue,
    {"--no-wait", "", "return at once, not when all was taken and acknowledged", &A::no_wait},
    kTimeout,
};

constexpr Option kOnlyPipe[] = {kPipe};
constexpr Option kPipeReading[] = {
    kPipe,
    {"-n,--bytes", "N", "end after so many bytes (default: only by Ctrl-C)", &A::count},
    kTimeout,
};
constexpr Option kPipeWriting[] = {
    kPipe,
    {"DATA", "", "the bytes; without them, standard input up to its end", &A::data},
};
constexpr Option kShmReading[] = {
    kShm,
    {"--offset", "N", "the first byte (default: 0)", &A::offset},
    {"-n,--bytes", "N", "how many (default: up to the end)", &A::count},
};
constexpr Option kShmWriting[] = {
    kShm,
    {"DATA", "", "the bytes; without them, standard input up to its end", &A::data},
    {"--offset", "N", "where the first one goes (default: 0)", &A::offset},
};

constexpr Option kAcquiring[] = {kSemaphore, kTimeout};
constexpr Option kReleasing[] = {
    kSemaphore,
    {"-n,--count", "N", "how many (default: 1)", &A::count},
};
constexpr Option kOnlySemaphore[] = {kSemaphore};
constexpr Option kSemaphoreRunning[] = {kSemaphore, kCommand, kTimeout};
constexpr Option kLockRunning[] = {kLock, kCommand, kTimeout};
constexpr Option kOnlyEvent[] = {kEvent};
constexpr Option kEventWaiting[] = {kEvent, kTimeout};

constexpr Example kLsExamples[] = {
    {"ctl ipc ls", "everything, with who uses it"},
    {"ctl ipc ls --json 'app/*'", "some, for a script"},
};
constexpr Example kCreateExamples[] = {
    {"ctl ipc create queue jobs capacity=1000 max_message=1MiB", "it stays until it is removed"},
    {"ctl ipc create semaphore slots value=4 --mode 0660", "also for the group"},
};
constexpr Example kRmExamples[] = {{"ctl ipc rm jobs slots", "at once; who waits there hears it"}};
constexpr Example kStatExamples[] = {{"ctl ipc stat jobs", "with what was put, taken, delivered again"}};
constexpr Example kWhoExamples[] = {{"ctl ipc who jobs", "who holds it and who waits, since when"}};

constexpr Example kPutExamples[] = {
    {"ctl queue put jobs 'resize 17.png'", "one message"},
    {"ctl queue put jobs < picture.png", "another, of any bytes"},
    {"ctl queue put jobs --lines < names.txt", "one a line"},
};
constexpr Example kGetExamples[] = {
    {"ctl queue get jobs --timeout 5s", "exit code 5 when none comes"},
    {"ctl queue get jobs -f --lines", "each one, a line each, until the queue is closed"},
};
constexpr Example kQueueRunExamples[] = {
    {"ctl queue run jobs -- ./resize", "the message is its standard input; a failure gives it back"},
    {"ctl queue run jobs -f --delay 10s -- ./resize", "a worker: one after the other"},
};
constexpr Example kPeekExamples[] = {{"ctl queue peek jobs", "the first message, which stays"}};
constexpr Example kSizeExamples[] = {{"ctl queue size jobs", "how many can be taken now"}};
constexpr Example kPurgeExamples[] = {{"ctl queue purge jobs", "how many were dropped"}};
constexpr Example kCloseExamples[] = {{"ctl queue close jobs", "returns when the work is done"}};

constexpr Example kPathExamples[] = {{"ctl pipe path raw", "for any program to open"}};
constexpr Example kPipeReadExamples[] = {{"ctl pipe read raw | tee log", "until Ctrl-C"}};
constexpr Example kPipeWriteExamples[] = {{"ctl pipe write raw < build.log", "byte for byte"}};
constexpr Example kShmReadExamples[] = {{"ctl shm read cache -n 16 | xxd", "its first bytes"}};
constexpr Example kShmWriteExamples[] = {
    {"ctl shm write cache --offset 4096 < table.bin", "and tells its users"}};

constexpr Example kAcquireExamples[] = {
    {"ctl sem acquire slots --timeout 0ms || echo busy", "one, or say so"},
};
constexpr Example kReleaseExamples[] = {{"ctl sem release slots", "one more can go on"}};
constexpr Example kValueExamples[] = {{"ctl sem value slots", "how many are free"}};
constexpr Example kSemRunExamples[] = {
    {"ctl sem run slots -- make -j4", "as many at a time as there are permits"}};
constexpr Example kLockRunExamples[] = {{"ctl lock run deploy -- ./deploy.sh", "never twice at a time"}};
constexpr Example kSetExamples[] = {{"ctl event set gate", "all who wait go on"}};
constexpr Example kClearExamples[] = {{"ctl event clear gate", "from now on they wait"}};
constexpr Example kEventWaitExamples[] = {
    {"ctl event wait gate --timeout 10s && ./go", "exit code 5 when it is not set"}};
constexpr Example kStateExamples[] = {{"ctl event state gate", "\"set\" or \"clear\""}};

constexpr Command kCommands[] = {
    {"ipc ls", "Objects", "list channel objects", kListing, run_ipc_ls, kLsExamples},
    {"ipc create", "Objects", "make an object", kCreating, run_ipc_create, kCreateExamples},
    {"ipc rm", "Objects", "remove objects", kRemoving, run_ipc_rm, kRmExamples},
    {"ipc stat", "Objects", "print all that is known of an object", kStat, run_ipc_stat, kStatExamples},
    {"ipc who", "Objects", "list who uses an object, holds it, waits for it", kWho, run_ipc_who,
     kWhoExamples},

    {"queue put", "Queues", "put messages into a queue", kPutting, run_queue_put, kPutExamples},
    {"queue get", "Queues", "take messages and write their bytes", kGetting, run_queue_get, kGetExamples},
    {"queue run", "Queues", "feed a message to a command; it is done when that exits with 0", kQueueRunning,
     run_queue_run, kQueueRunExamples},
    {"queue peek", "Queues", "write the first message and leave it there", kOnlyQueue, run_queue_peek,
     kPeekExamples},
    {"queue size", "Queues", "print how many messages can be taken", kOnlyQueue, run_queue_size,
     kSizeExamples},
    {"queue purge", "Queues", "drop all messages that nobody works on", kOnlyQueue, run_queue_purge,
     kPurgeExamples},
    {"queue close", "Queues", "take no more messages, and wait until all are worked off", kClosing,
     run_queue_close, kCloseExamples},

    {"pipe path", "Other channels", "print the path of the FIFO", kOnlyPipe, run_pipe_path, kPathExamples},
    {"pipe read", "Other channels", "write what comes out of the pipe", kPipeReading, run_pipe_read,
     kPipeReadExamples},
    {"pipe write", "Other channels", "put bytes into the pipe", kPipeWriting, run_pipe_write,
     kPipeWriteExamples},
    {"shm read", "Other channels", "write the bytes of shared memory", kShmReading, run_shm_read,
     kShmReadExamples},
    {"shm write", "Other channels", "put bytes into shared memory", kShmWriting, run_shm_write,
     kShmWriteExamples},
    {"sem acquire", "Other channels", "take a permit, which outlives ctl", kAcquiring, run_sem_acquire,
     kAcquireExamples},
    {"sem release", "Other channels", "give permits", kReleasing, run_sem_release, kReleaseExamples},
    {"sem value", "Other channels", "print how many permits are free", kOnlySemaphore, run_sem_value,
     kValueExamples},
    {"sem run", "Other channels", "run a command with a permit, and exit with its code", kSemaphoreRunning,
     run_sem_run, kSemRunExamples},
    {"lock run", "Other channels", "run a command with the lock, and exit with its code", kLockRunning,
     run_lock_run, kLockRunExamples},
    {"event set", "Other channels", "set an event: who waits for it goes on", kOnlyEvent, run_event_set,
     kSetExamples},
    {"event clear", "Other channels", "clear an event", kOnlyEvent, run_event_clear, kClearExamples},
    {"event wait", "Other channels", "wait until an event is set", kEventWaiting, run_event_wait,
     kEventWaitExamples},
    {"event state", "Other channels", "print whether an event is set", kOnlyEvent, run_event_state,
     kStateExamples},
};

}  // namespace

std::span<const Command> channel_commands() {
    return kCommands;
}

}  // namespace yard::ctl
