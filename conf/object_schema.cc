// The keys of `ipc:`, one object by name. Those of its kind are also the options of IpcCreate.
#include "conf/object_types.h"
#include "conf/row.h"
#include "conf/schema.h"
#include "conf/service_types.h"

namespace yard::conf {
namespace {

using Rows = std::vector<Row<ObjectConfig>>;
using Kind = ObjectConfig::Kind;

// Shown only of objects of the kind.
template <typename V, typename Field>
Row<ObjectConfig> key(Kind kind, const char* path, Type<V> type, const char* fallback, const char* doc,
                      Field field) {
    return row<ObjectConfig>(path, std::move(type), fallback, doc, field)
        .shown_if([kind](const ObjectConfig& object) { return object.kind == kind; });
}

Rows queue_rows() {
    using Full = ObjectConfig::Full;
    constexpr uint32_t kMost = 1 << 18;
    return {
        key(Kind::queue, "queue.capacity", integer<uint32_t>(1, kMost), "1024",
            "How many messages it holds, those being worked on included.", YARD_FIELD(queue.capacity)),
        key(Kind::queue, "queue.max_message", size(), "64KiB", "How large one message may be; at most 64MiB.",
            YARD_FIELD(queue.max_message))
            .like("1MiB"),
        key(Kind::queue, "queue.max_bytes", size(), "0",
            "How large all messages together may be; 0: no limit but the others.",
            YARD_FIELD(queue.max_bytes))
            .like("8MiB"),
        key(Kind::queue, "queue.priorities", boolean(), "false",
            "Messages have priorities from 0 to 7, the highest first.", YARD_FIELD(queue.priorities)),
        key(Kind::queue, "queue.full",
            words<Full>({{"block", Full::block},
                         {"fail", Full::fail},
                         {"drop_oldest", Full::drop_oldest},
                         {"drop_newest", Full::drop_newest}}),
            "block", "What a put does that finds no room.", YARD_FIELD(queue.full)),
        key(Kind::queue, "queue.ttl", duration(), "0ms", "How long a message is kept; 0ms: for ever.",
            YARD_FIELD(queue.ttl))
            .like("1h"),
        key(Kind::queue, "queue.max_deliveries", integer<uint32_t>(0, 1'000'000), "0",
            "How often a message is delivered before it counts as dead; 0: without end.",
            YARD_FIELD(queue.max_deliveries))
            .like("5"),
        key(Kind::queue, "queue.dead_letter", object_name(), "",
            "The queue that dead messages move to; dropped when left out. Needs max_deliveries.",
            YARD_FIELD(queue.dead_letter)),
    };
}

Rows other_rows() {
    constexpr uint32_t kMost = 1 << 16;
    return {
        key(Kind::semaphore, "semaphore.value", integer<uint32_t>(0, kMost), "1", "Permits at first.",
            YARD_FIELD(semaphore.value)),
        key(Kind::semaphore, "semaphore.max", integer<uint32_t>(0, kMost), "0",
            "The most permits that there can be; 0: no limit but 65536.", YARD_FIELD(semaphore.max)),
        key(Kind::semaphore, "semaphore.mode", words<bool>({{"resource", false}, {"signal", true}}),
            "resource", "resource: a permit comes back when its holder dies; signal: it does not.",
            YARD_FIELD(semaphore.signal)),
        key(Kind::lock, "lock.fifo", boolean(), "false", "Granted in the order of asking.",
            YARD_FIELD(lock_fifo)),
        key(Kind::event, "event.set", boolean(), "false", "It is set at first.", YARD_FIELD(event_set)),
        key(Kind::shm, "shm.size", size(1), "", "Its size, up to 1TiB; memory is used as it is written.",
            YARD_FIELD(shm_size))
            .like("64MiB"),
        row<ObjectConfig>("owner", account(), "", "User who owns it; the daemon's own when left out.",
                          YARD_FIELD(owner)),
        row<ObjectConfig>("group", account(), "", "Group that owns it; the daemon's own when left out.",
                          YARD_FIELD(group)),
        row<ObjectConfig>("mode", octal_mask(), "600", "Who may read and write it, as of a file, in octal.",
                          YARD_FIELD(mode))
            .like("660"),
    };
}

}  // namespace

const Table<ObjectConfig>& object_table() {
    static const Table<ObjectConfig> table = [] {
        Rows rows = queue_rows();
        for (auto& one : other_rows()) rows.push_back(std::move(one));
        std::vector<Section> sections{
            {"queue", "Messages for any number of producers and consumers.", ""},
            {"semaphore", "Permits.", ""},
            {"lock", "One holder at a time, known to all.", ""},
            {"event", "Set or not; many may wait for it.", ""},
            {"shm", "Bytes that several processes share.", "shm.size"},
            {"pipe", "A FIFO with a path, held open by the daemon.", ""},
        };
        return Table<ObjectConfig>("an object", "ipc.NAME.", std::move(sections), std::move(rows));
    }();
    return table;
}

}  // namespace yard::conf
