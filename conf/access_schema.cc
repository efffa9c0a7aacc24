// The keys of `access:`, who may do what over the control socket.
#include "conf/row.h"
#include "conf/schema.h"
#include "conf/service_types.h"

namespace yard::conf {
namespace {

template <typename Field>
Row<DaemonConfig> accounts(const char* path, const char* doc, Field field) {
    return row<DaemonConfig>(path, list_of(account(), Lone::accepted), "", doc, field)
        .shown_if([field](const DaemonConfig& daemon) { return !field(daemon).empty(); });
}

}  // namespace

const Table<DaemonConfig>& access_table() {
    static const Table<DaemonConfig> table(
        "access", "access.",
        {{"observe", "Who may look: status, logs, events, configuration.", ""},
         {"operate", "Who may also start, stop, restart, signal and renice services.", ""},
         {"admin", "Who may also change the configuration in force and end the daemon.", ""}},
        {
            accounts("observe.users", "Users who may look, by name or number.",
                     YARD_FIELD(access.observe.users)),
            accounts("observe.groups", "Groups whose members may look, by name or number.",
                     YARD_FIELD(access.observe.groups)),
            accounts("operate.users", "Users who may operate services.", YARD_FIELD(access.operate.users))
                .like("[alice, 1000]"),
            accounts("operate.groups", "Groups whose members may operate services.",
                     YARD_FIELD(access.operate.groups)),
            accounts("admin.users", "Users who may do everything.", YARD_FIELD(access.admin.users)),
            accounts("admin.groups", "Groups whose members may do everything.",
                     YARD_FIELD(access.admin.groups)),
        });
    return table;
}

}  // namespace yard::conf
