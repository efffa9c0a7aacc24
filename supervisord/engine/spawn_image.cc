#include "engine/spawn_image.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "protocol/spawn_image.h"

namespace yard::engine {
namespace {

constexpr char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
// Room for the readiness descriptor's source while it is moved: beyond any number that a service may ask for.
constexpr uint64_t kSpareFd = 300;
constexpr int kIoClassShift = 13, kIoWhoProcess = 1;  // ioprio_set(2)

// One argument of a step.
struct Arg {
    uint64_t value;
    StepArg kind;
};
Arg number(int64_t value) {
    return {static_cast<uint64_t>(value), StepArg::number};
}
Arg offset(uint64_t value) {
    return {value, StepArg::offset};
}
Arg result() {
    return {0, StepArg::result};
}

// Grows the image: data first, its steps and tables at the end.
class ImageWriter {
  public:
    ImageWriter() { bytes_.resize(sizeof(ImageHeader)); }

    uint64_t data(const void* from, size_t size, size_t alignment = 1) {
        bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
        bytes_.append(static_cast<const char*>(from), size);
        return bytes_.size() - size;
    }
    uint64_t text(std::string_view text) {
        const uint64_t at = data(text.data(), text.size());
        bytes_.push_back('\0');
        return at;
    }
    uint32_t table(const std::vector<uint64_t>& offsets) {
        std::vector<uint64_t> ended = offsets;
        ended.push_back(0);
        return static_cast<uint32_t>(data(ended.data(), ended.size() * sizeof ended[0], sizeof ended[0]));
    }
    uint32_t texts(const std::vector<std::string>& all) {
        std::vector<uint64_t> offsets;
        for (const std::string& one : all) offsets.push_back(text(one));
        return table(offsets);
    }
    void step(SpawnStage stage, long call, std::initializer_list<Arg> args, uint16_t flags = 0) {
        ImageStep step{};
        step.stage = stage;
        step.flags = flags;
        step.call = static_cast<int32_t>(call);
        size_t i = 0;
        for (const Arg& arg : args) {
            step.args[i] = arg.value;
            step.kinds[i++] = arg.kind;
        }
        steps_.push_back(step);
    }
    // The finished image; `header` gets its sizes and the steps' place.
    std::string finish(ImageHeader header) {
        header.step_count = static_cast<uint32_t>(steps_.size());
        header.steps =
            static_cast<uint32_t>(data(steps_.data(), steps_.size() * sizeof(ImageStep), alignof(ImageStep)));
        bytes_.push_back('\0');  // the last byte ends whatever string an offset may point at
        header.size = static_cast<uint32_t>(bytes_.size());
        std::memcpy(bytes_.data(), &header, sizeof header);
        return std::move(bytes_);
    }

  private:
    std::string bytes_;
    std::vector<ImageStep> steps_;
};

// Leftover descriptors are close-on-exec, so nothing needs closing.
void open_onto(ImageWriter* image, SpawnStage stage, const std::string& path, int flags,
               std::initializer_list<int> fds) {
    image->step(stage, SYS_openat, {number(AT_FDCWD), offset(image->text(path)), number(flags | O_CLOEXEC)});
    for (int fd : fds) image->step(stage, SYS_dup3, {result(), number(fd), number(0)}, kStepKeepResult);
}

// The same onto a number that may be the lowest free one, where it would be opened: dup3 does not take a descriptor onto
// itself.
void open_as(ImageWriter* image, SpawnStage stage, const std::string& path, int flags, int fd) {
    image->step(stage, SYS_openat, {number(AT_FDCWD), offset(image->text(path)), number(flags | O_CLOEXEC)});
    image->step(stage, SYS_fcntl, {result(), number(F_DUPFD_CLOEXEC), number(kSpareFd)});
    image->step(stage, SYS_dup3, {result(), number(fd), number(0)});
}

void standard_fds(ImageWriter* image, const SpawnSpec& spec) {
    // Also for reading: the service's own end keeps it from dying of SIGPIPE when keeper and engine are gone.
    open_onto(image, SpawnStage::output, spec.output_path, O_RDWR, {1, 2});
    open_onto(image, SpawnStage::input, "/dev/null", O_RDONLY, {0});
    if (spec.ready_path.empty()) return;
    // As the output: a newline that nobody is there to read must not be the death of it.
    open_as(image, SpawnStage::ready_fd, spec.ready_path, O_RDWR, spec.config->ready.fd);
}

void pass_objects(ImageWriter* image, const SpawnSpec& spec, ImageHeader* header) {
    std::vector<uint64_t> names;
    for (const SpawnSpec::Passed& passed : spec.passed) {
        if (passed.held == 0) {
            open_as(image, SpawnStage::channels, passed.path, passed.flags, passed.fd);
            continue;
        }
        const int source = kFirstPassedFd + static_cast<int>(names.size());
        names.push_back(passed.held);
        if (passed.flags != O_RDWR) {
            open_as(image, SpawnStage::channels, "/proc/self/fd/" + std::to_string(source), passed.flags,
                    passed.fd);
        } else {
            image->step(SpawnStage::channels, SYS_dup3, {number(source), number(passed.fd), number(0)});
        }
    }
    if (names.empty()) return;
    header->passed =
        static_cast<uint32_t>(image->data(names.data(), names.size() * sizeof names[0], sizeof names[0]));
    header->passed_count = static_cast<uint32_t>(names.size());
}

int kernel_policy(conf::Scheduling::Policy policy) {
    using Policy = conf::Scheduling::Policy;
    switch (policy) {
        case Policy::batch:
            return SCHED_BATCH;
        case Policy::idle:
            return SCHED_IDLE;
        case Policy::fifo:
            return SCHED_FIFO;
        case Policy::round_robin:
            return SCHED_RR;
        case Policy::other:
        case Policy::inherit:
            break;
    }
    return SCHED_OTHER;
}

// IOPRIO_CLASS_*: ioprio_set(2). <linux/ioprio.h> of Debian 12 is no C++.
int kernel_io_class(conf::IoPriority::Class io_class) {
    using Class = conf::IoPriority::Class;
    if (io_class == Class::realtime) return 1;
    return io_class == Class::idle ? 3 : 2;
}

void priorities(ImageWriter* image, const SpawnSpec& spec) {
    const conf::ServiceConfig& config = *spec.config;
    if (config.scheduling.policy != conf::Scheduling::Policy::inherit) {
        const sched_param parameter{config.scheduling.priority};
        image->step(SpawnStage::scheduling, SYS_sched_setscheduler,
                    {number(0), number(kernel_policy(config.scheduling.policy)),
                     offset(image->data(&parameter, sizeof parameter, alignof(sched_param)))});
    }
    if (spec.nice)
        image->step(SpawnStage::nice, SYS_setpriority, {number(PRIO_PROCESS), number(0), number(*spec.nice)});
    if (config.ionice.io_class != conf::IoPriority::Class::inherit) {
        const int level = config.ionice.io_class == conf::IoPriority::Class::idle ? 0 : config.ionice.level;
        const int value = kernel_io_class(config.ionice.io_class) << kIoClassShift | level;
        image->step(SpawnStage::ionice, SYS_ioprio_set, {number(kIoWhoProcess), number(0), number(value)});
    }
    if (!config.cpu_affinity.empty()) {
        cpu_set_t cpus;
        CPU_ZERO(&cpus);
        for (int cpu : config.cpu_affinity) CPU_SET(cpu, &cpus);
        image->step(
            SpawnStage::affinity, SYS_sched_setaffinity,
            {number(0), number(sizeof cpus), offset(image->data(&cpus, sizeof cpus, alignof(cpu_set_t)))});
    }
}

void resources(ImageWriter* image, const conf::ServiceConfig& config) {
    if (config.oom_score_adj) {
        const std::string value = std::to_string(*config.oom_score_adj);
        image->step(SpawnStage::oom_score_adj, SYS_openat,
                    {number(AT_FDCWD), offset(image->text("/proc/self/oom_score_adj")),
                     number(O_WRONLY | O_CLOEXEC)});
        image->step(SpawnStage::oom_score_adj, SYS_write,
                    {result(), offset(image->text(value)), number(static_cast<int64_t>(value.size()))});
    }
    for (const conf::Rlimit& limit : config.limits) {
        const rlimit64 value{limit.soft, limit.hard};
        image->step(SpawnStage::rlimit, SYS_prlimit64,
                    {number(0), number(limit.resource),
                     offset(image->data(&value, sizeof value, alignof(rlimit64))), number(0)});
    }
    if (config.umask) image->step(SpawnStage::umask, SYS_umask, {number(*config.umask)});
}

void become(ImageWriter* image, const SpawnSpec& spec) {
    const Identity& who = spec.identity;
    if (who.groups) {
        const uint64_t groups =
            image->data(who.groups->data(), who.groups->size() * sizeof(gid_t), alignof(gid_t));
        image->step(
            SpawnStage::groups, SYS_setgroups,
            {number(static_cast<int64_t>(who.groups->size())), offset(who.groups->empty() ? 0 : groups)});
    }
    if (who.gid)
        image->step(SpawnStage::group, SYS_setresgid, {number(*who.gid), number(*who.gid), number(*who.gid)});
    if (who.uid)
        image->step(SpawnStage::user, SYS_setresuid, {number(*who.uid), number(*who.uid), number(*who.uid)});
    if (spec.config->no_new_privs) {
        image->step(SpawnStage::privileges, SYS_prctl,
                    {number(PR_SET_NO_NEW_PRIVS), number(1), number(0), number(0), number(0)});
    }
}

void note_pid_places(const std::vector<uint64_t>& env, const std::vector<std::string>& environment,
                     ImageHeader* header) {
    size_t used = 0;
    for (size_t i = 0; i < env.size() && used < std::size(header->pid_places); ++i) {
        const size_t equals = environment[i].find('=');
        if (equals == std::string::npos ||
            environment[i].compare(equals + 1, std::string::npos, kPidPlace) != 0)
            continue;
        header->pid_places[used++] = static_cast<uint32_t>(env[i] + equals + 1);
    }
}

}  // namespace

std::vector<std::string> program_candidates(const std::string& program,
                                            const std::vector<std::string>& environment) {
    if (program.find('/') != std::string::npos) return {program};
    std::string path = kDefaultPath;
    for (const std::string& variable : environment) {
        if (variable.rfind("PATH=", 0) == 0) path = variable.substr(5);
    }
    std::vector<std::string> candidates;
    for (size_t from = 0; from <= path.size();) {
        const size_t colon = std::min(path.find(':', from), path.size());
        const std::string folder = path.substr(from, colon - from);
        candidates.push_back(folder.empty() ? "./" + program : folder + "/" + program);  // empty: here
        from = colon + 1;
    }
    return candidates;
}

Result<std::string> make_spawn_image(const SpawnSpec& spec) {
    ImageHeader header{};
    header.magic = kImageMagic;
    if (spec.shim) header.flags |= kImageShim;
    if (spec.linger) header.flags |= kImageLinger;
    if (spec.cgroup.size() >= sizeof header.cgroup)
        return fail("the path of the cgroup is too long: " + spec.cgroup);
    std::memcpy(header.cgroup, spec.cgroup.c_str(), spec.cgroup.size());

    const auto held = std::ranges::count_if(spec.passed, [](const auto& passed) { return passed.held != 0; });
    if (held > kMaxPassed)
        return fail("ipc: a service can have at most " + std::to_string(kMaxPassed / 2) + " objects");

    ImageWriter image;
    header.argv = image.texts(spec.command);
    if (!spec.shim_title.empty()) header.title = static_cast<uint32_t>(image.text(spec.shim_title));
    std::vector<uint64_t> env;
    for (const std::string& variable : spec.environment) env.push_back(image.text(variable));
    header.env = image.table(env);
    note_pid_places(env, spec.environment, &header);
    header.programs = image.texts(program_candidates(spec.command.front(), spec.environment));

    image.step(SpawnStage::session, SYS_setsid, {});
    standard_fds(&image, spec);
    pass_objects(&image, spec, &header);
    priorities(&image, spec);
    resources(&image, *spec.config);
    become(&image, spec);
    // As the user, so that what only the user may enter works and what the user may not enter fails.
    if (!spec.config->cwd.empty())
        image.step(SpawnStage::cwd, SYS_chdir, {offset(image.text(spec.config->cwd))});
    std::string bytes = image.finish(header);
    if (bytes.size() > kImageStride)
        return fail("arguments and environment take " + std::to_string(bytes.size()) +
                    " bytes; 4 MiB is the limit");
    return bytes;
}

}  // namespace yard::engine
