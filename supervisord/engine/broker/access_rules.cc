#include "engine/broker/access_rules.h"

#include <algorithm>
#include <cstdio>

namespace yard::engine {
namespace {

constexpr uint32_t kRead = 4, kWrite = 2;

std::string who(const control::Credentials& caller) {
    return "uid " + std::to_string(caller.uid);
}

bool in_group(const control::Credentials& caller, gid_t gid) {
    return caller.gid == gid ||
           std::find(caller.groups.begin(), caller.groups.end(), gid) != caller.groups.end();
}

uint32_t bits_for(const control::Credentials& caller, const ObjectRecord& object) {
    if (caller.uid == object.uid) return object.mode >> 6;
    return in_group(caller, object.gid) ? object.mode >> 3 : object.mode;
}

std::string octal(uint32_t mode) {
    char digits[8];
    std::snprintf(digits, sizeof digits, "%03o", mode & 0777);
    return digits;
}

}  // namespace

std::string open_refusal(const control::IpcPeer& peer, const ObjectRecord& object, bool writable,
                         std::optional<conf::ObjectUse> use) {
    if (peer.role >= control::Role::operate) return "";
    if (use && (!writable || *use != conf::ObjectUse::read)) return "";
    const uint32_t wanted = writable ? kRead | kWrite : kRead;
    const uint32_t bits = bits_for(peer.credentials, object);
    if ((bits & wanted) == wanted) return "";
    std::string why = who(peer.credentials) + " may not " +
                      (writable && (bits & kRead) != 0 ? "write to " : "open ") +
                      std::string(object.name.view()) + ": it belongs to uid " + std::to_string(object.uid) +
                      ", gid " + std::to_string(object.gid) + " with mode " + octal(object.mode);
    if (use) return why + ", and ipc: of its service says read";
    return why + ", and no service of this user names it in ipc:";
}

std::string manage_refusal(const control::IpcPeer& peer, const char* verb, const std::string& name) {
    if (peer.role >= control::Role::operate) return "";
    return who(peer.credentials) + " may not " + verb + " " + name +
           ": that takes the role operate (access: in the configuration)";
}

}  // namespace yard::engine
