// The objects themselves: their memory, their records in the registry, and the descriptors that the keeper holds for
// the next engine. Makes and removes them in steps that can be cut anywhere: whoever takes over finishes a removal and
// undoes a creation.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/broker/pipe_files.h"
#include "engine/broker/rate_meter.h"
#include "engine/broker/registry.h"
#include "engine/held_fds.h"
#include "ipc/channel/bell.h"
#include "ipc/channel/bell_pipe.h"
#include "ipc/channel/segment.h"

namespace yard::engine {

// The keeper, as far as objects need it.
class ObjectKeeper {
  public:
    virtual ~ObjectKeeper() = default;
    virtual void hold(HeldKind kind, uint32_t number, int fd) = 0;
    virtual void release(HeldKind kind, uint32_t number) = 0;
    // What was asked is carried out, whatever becomes of this process.
    virtual void flush() = 0;
};

// Hears what people should know, in a sentence.
using Problem = std::function<void(const std::string& message)>;

// See ipc/channel/bell_pipe.h.
class BrokerBell final : public ipc::Bell {
  public:
    explicit BrokerBell(UniqueFd fd) : fd_(std::move(fd)) {}
    void ring() override { ipc::ring_bell_pipe(fd_.get()); }
    int fd() const { return fd_.get(); }

  private:
    UniqueFd fd_;
};

struct Object {
    uint32_t number;             // of its record
    const ObjectRecord* record;  // in the registry
    UniqueFd memory;             // of a pipe its FIFO
    ino_t inode = 0;             // of the memory, as /proc/PID/maps shows it
    BrokerBell bell;
    std::optional<ipc::Segment> segment;       // none: a pipe
    std::map<ipc::OwnerId, uint32_t> users{};  // their attachments
    ipc::OwnerId last_owner = 0;
    RateMeter meter{};  // of a queue

    bool is_pipe() const { return !segment.has_value(); }
    std::string name() const { return std::string(record->name.view()); }
};

class ObjectStore {
  public:
    // What an earlier engine left in `held`, or nothing. `keeper` must outlive it.
    static Result<ObjectStore> open(ObjectKeeper& keeper, HeldFds& held, PipeFiles pipes,
                                    const Problem& problem);

    Registry& registry() { return registry_; }
    const Registry& registry() const { return registry_; }
    const PipeFiles& pipes() const { return pipes_; }

    std::map<uint32_t, Object>& objects() { return objects_; }
    const std::map<uint32_t, Object>& objects() const { return objects_; }
    Object* find(const std::string& name);
    Object* find_id(const std::string& id);
    Object* at(uint32_t number);

    // The name is free. In force, and known to the keeper, when it returns.
    Result<Object*> create(const ObjectRecord& facts);
    // The name is free at once; users keep their mappings, where nothing new begins and all who wait are told.
    void remove(uint32_t number);

    // A new user: nothing when all owner slots are taken. `facts` needs no object and owner.
    std::optional<uint32_t> attach(Object& object, AttachmentRecord& facts);
    // REQUIRES: its claims are taken back.
    void detach(uint32_t attachment);

  private:
    ObjectStore(ObjectKeeper& keeper, Registry registry, PipeFiles pipes)
        : keeper_(&keeper), registry_(std::move(registry)), pipes_(std::move(pipes)) {}

    void take_over(HeldFds& held, const Problem& problem);
    Status adopt(uint32_t number, UniqueFd memory, UniqueFd bell);
    Status map(Object& object);
    void give_up(uint32_t number);
    Result<Object> make(uint32_t number);
    Object& enter(Object object);

    ObjectKeeper* keeper_;
    Registry registry_;
    PipeFiles pipes_;
    std::map<uint32_t, Object> objects_;
    std::unordered_map<std::string, uint32_t> by_name_;
};

}  // namespace yard::engine
