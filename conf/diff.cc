#include "conf/diff.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "conf/describe.h"
#include "conf/instances.h"
#include "conf/schema.h"
#include "conf/yaml_text.h"

namespace yard::conf {
namespace {

const Value* member(const Value::Map& map, const std::string& key) {
    const auto found = std::find_if(map.begin(), map.end(), [&](const Member& m) { return m.key == key; });
    return found == map.end() ? nullptr : &found->value;
}

// Of two maps (the environment) each key by itself.
void compare_maps(const std::string& path, Effect effect, const Value::Map& from, const Value::Map& to,
                  std::vector<KeyChange>& changes) {
    for (const auto& [key, old] : from) {
        const Value* now = member(to, key);
        if (now == nullptr || *now != old)
            changes.push_back({path + "." + key, yaml_text(old), now ? yaml_text(*now) : "", effect});
    }
    for (const auto& [key, now] : to) {
        if (member(from, key) == nullptr) changes.push_back({path + "." + key, "", yaml_text(now), effect});
    }
}

template <typename T>
std::vector<KeyChange> compare(const Table<T>& table, const std::string& prefix, const T& before,
                               const T& after) {
    std::vector<KeyChange> changes;
    for (const Row<T>& row : table.rows()) {
        const Value from = row.show(before), to = row.show(after);
        if (from == to) continue;
        static const Value::Map kNone;
        const auto* old_map = from.is_none() ? &kNone : std::get_if<Value::Map>(&from.content);
        const auto* new_map = to.is_none() ? &kNone : std::get_if<Value::Map>(&to.content);
        if (old_map != nullptr && new_map != nullptr) {
            compare_maps(prefix + row.path, row.effect, *old_map, *new_map, changes);
        } else {
            changes.push_back({prefix + row.path, yaml_text(from), yaml_text(to), row.effect});
        }
    }
    return changes;
}

std::vector<KeyChange> compare_objects(const std::vector<ObjectConfig>& before,
                                       const std::vector<ObjectConfig>& after) {
    std::unordered_map<std::string_view, const ObjectConfig*> was, is;
    for (const ObjectConfig& object : before) was[object.name] = &object;
    for (const ObjectConfig& object : after) is[object.name] = &object;
    const auto whole = [](const ObjectConfig& object) { return yaml_text(Value{describe(object)}); };
    std::vector<KeyChange> changes;
    for (const ObjectConfig& object : before) {
        if (!is.contains(object.name))
            changes.push_back({"ipc." + object.name, whole(object), "", Effect::at_once});
    }
    for (const ObjectConfig& object : after) {
        const auto old = was.find(object.name);
        if (old == was.end() || old->second->kind != object.kind) {
            const std::string from = old == was.end() ? "" : whole(*old->second);
            changes.push_back({"ipc." + object.name, from, whole(object), Effect::at_once});
            continue;
        }
        for (KeyChange& change : compare(object_table(), "ipc." + object.name + ".", *old->second, object))
            changes.push_back(std::move(change));
    }
    return changes;
}

std::vector<std::string> running_names(const Config& config) {
    std::vector<std::string> names;
    for (const ServiceConfig& service : config.services) {
        for (std::string& name : instance_names(service)) names.push_back(std::move(name));
    }
    return names;
}

using Names = std::unordered_set<std::string>;

std::vector<std::string> without(std::vector<std::string> names, const Names& others) {
    std::erase_if(names, [&](const std::string& name) { return others.count(name) > 0; });
    return names;
}

}  // namespace

Effect ServiceChange::effect() const {
    Effect strongest = Effect::at_once;
    for (const KeyChange& change : keys) strongest = std::max(strongest, change.effect);
    return strongest;
}

Diff diff(const Config& before, const Config& after) {
    Diff found;
    const std::vector<std::string> old_names = running_names(before), new_names = running_names(after);
    const Names was(old_names.begin(), old_names.end()), is(new_names.begin(), new_names.end());
    found.removed = without(old_names, is);
    found.added = without(new_names, was);

    std::unordered_map<std::string_view, const ServiceConfig*> by_name;
    for (const ServiceConfig& service : before.services) by_name[service.name] = &service;
    for (const ServiceConfig& service : after.services) {
        const auto old = by_name.find(service.name);
        if (old == by_name.end()) continue;
        auto keys = compare(service_table(), "", *old->second, service);
        if (keys.empty()) continue;
        std::vector<std::string> stays = instance_names(service);
        std::erase_if(stays, [&](const std::string& name) { return was.count(name) == 0; });
        found.changed.push_back({service.name, std::move(stays), std::move(keys)});
    }

    found.daemon = compare(daemon_table(), daemon_table().prefix(), before.daemon, after.daemon);
    for (KeyChange& change : compare(access_table(), access_table().prefix(), before.daemon, after.daemon))
        found.daemon.push_back(std::move(change));
    found.objects = compare_objects(before.objects, after.objects);
    return found;
}

uint64_t start_digest(const ServiceConfig& service) {
    static const ServiceConfig kDefaults;
    uint64_t digest = 0xcbf29ce484222325;  // FNV-1a
    const auto add = [&digest](const std::string& text) {
        for (const char c : text) digest = (digest ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        digest *= 0x100000001b3;  // as if a NUL followed
    };
    for (const Row<ServiceConfig>& row : service_table().rows()) {
        if (row.effect != Effect::restart) continue;
        const Value value = row.show(service);
        if (value.is_none() || value == row.show(kDefaults)) continue;
        add(row.path);
        add(yaml_text(value));
    }
    return digest;
}

}  // namespace yard::conf
