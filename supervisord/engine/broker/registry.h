// The broker's own books: which objects there are, and who uses them. A sparse memfd that the keeper holds and only
// engines map, so that what is in it is believed.
//
// Whoever writes may be killed between any two stores. Each record has one word that says whether the rest counts: it
// is stored last when a record begins to count, and first when it ceases to. So the next engine finds every record
// whole or not at all, and its state says what was being done.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "conf/config.h"
#include "ipc/channel/segment.h"

namespace yard::engine {

enum class ObjectState : uint32_t {
    free,
    creating,  // its memory is being made and given to the keeper; nobody was told of it
    live,
    removing,  // the name is gone; what it had is being given up
};

enum class Lifetime : uint32_t {
    declared,
    dynamic,
    ephemeral,
    awaiting,  // will be ephemeral, and has had no user yet
};

struct ObjectName {
    static constexpr size_t kMax = 128;
    char text[kMax + 1];
    std::string_view view() const { return text; }
    void assign(std::string_view name);  // REQUIRES: at most kMax bytes
};

struct ObjectRecord {
    ObjectState state;
    conf::ObjectConfig::Kind kind;
    uint64_t id;  // of this object alone, for the life of the keeper
    ObjectName name;
    ObjectName dead_letter;  // empty: none
    uid_t uid;
    gid_t gid;
    uint32_t mode;
    Lifetime lifetime;
    uid_t creator;         // whose limits it counts against
    ipc::ObjectSpec spec;  // nothing of it for a pipe
};

// The process that an owner slot belongs to.
struct ProcessId {
    pid_t pid = 0;
    uint64_t start_ticks = 0;  // with the pid this names a process for ever
    auto operator<=>(const ProcessId&) const = default;
};

// A start of a service: who an owner slot belongs to that was given before there was a process.
struct StartId {
    uint32_t slot = 0;
    uint32_t generation = 0;  // 0: it was no start
    auto operator<=>(const StartId&) const = default;
};

struct AttachmentRecord {
    uint32_t used;  // 0: free
    uint32_t object;
    ipc::OwnerId owner;
    uint32_t opens;  // less as many detaches
    uid_t uid;
    StartId start;
    int64_t since_wall_ns;
    uint64_t start_ticks;
    int32_t pid;  // 0: a service that is about to start
    ProcessId process() const { return {pid, start_ticks}; }
};

class Registry {
  public:
    static constexpr uint32_t kMaxObjects = 1 << 14;
    static constexpr uint32_t kMaxAttachments = 1 << 18;

    // An empty one, and its memory for the keeper.
    static Result<Registry> create(UniqueFd* fd);
    // One that an earlier engine left. Fails when it is of another version.
    static Result<Registry> open(const UniqueFd& fd);
    Registry(Registry&& other) noexcept;
    Registry& operator=(Registry&&) = delete;
    ~Registry();

    // ---- Reading. Numbers of records stay theirs until they are free.
    uint32_t objects_end() const;  // no object was ever stored at this number or above
    const ObjectRecord& object(uint32_t number) const;
    uint32_t attachments_end() const;
    const AttachmentRecord& attachment(uint32_t number) const;

    // ---- Writing.
    // In the state `creating`, with an id of its own. Nothing: there is no room.
    std::optional<uint32_t> add(const ObjectRecord& facts);
    void set_state(uint32_t object, ObjectState state);
    void set_owner(uint32_t object, uid_t uid, gid_t gid, uint32_t mode);
    void set_lifetime(uint32_t object, Lifetime lifetime);

    std::optional<uint32_t> attach(const AttachmentRecord& facts);
    void set_opens(uint32_t attachment, uint32_t opens);
    void set_process(uint32_t attachment, ProcessId process);
    void detach(uint32_t attachment);

    // Called after each store that another engine could find: where tests cut.
    std::function<void()> after_store = [] {};

  private:
    struct Layout;
    explicit Registry(Layout* layout) : layout_(layout) {}
    static Result<Layout*> map(const UniqueFd& fd);
    ObjectRecord& own_object(uint32_t number);
    AttachmentRecord& own_attachment(uint32_t number);
    template <typename Word, typename Value>
    void store(Word& word, Value value);

    Layout* layout_;
    uint32_t attach_hint_ = 0;  // no attachment below is free
};

}  // namespace yard::engine
