// What is different between two configurations, for people to read (`ctl diff`) and for the engine to apply.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conf/config.h"
#include "conf/effect.h"

namespace yard::conf {

struct KeyChange {
    std::string
        path;  // "log.max_size", "env.MODE"; of the daemon "daemon.log_level", "access.operate.users"; of an object "ipc.jobs.queue.capacity"
    std::string from, to;  // as YAML would write them in one line; empty: not set
    Effect effect;         // on what runs; of the daemon's own keys always at_once
    bool operator==(const KeyChange&) const = default;
};

struct ServiceChange {
    std::string service;             // as configured: "worker"
    std::vector<std::string> stays;  // the instances that are in both: "worker@1", "worker@2", or "worker"
    std::vector<KeyChange> keys;     // never empty, in the order of the schema
    Effect effect() const;           // the strongest of them
    bool operator==(const ServiceChange&) const = default;
};

// Names of added and removed services are those under which they run: more `instances` add "worker@3". One
// instance is "worker" and several are "worker@1" and on, so a step from 1 to 2 removes one and adds two.
struct Diff {
    std::vector<std::string> removed;    // in the order of the old file
    std::vector<std::string> added;      // in the order of the new file
    std::vector<ServiceChange> changed;  // in the order of the new file
    std::vector<KeyChange> daemon;
    std::vector<KeyChange> objects;  // a whole one that comes or goes as "ipc.jobs"
    bool empty() const {
        return removed.empty() && added.empty() && changed.empty() && daemon.empty() && objects.empty();
    }
};

// The order of services in a file does not count.
Diff diff(const Config& before, const Config& after);

// A number over all that takes a new process to change (Effect::restart): a process started with another one
// is not what the configuration asks for. Keys at their defaults do not count, so it stays the same when a
// later version knows more keys.
uint64_t start_digest(const ServiceConfig& service);

}  // namespace yard::conf
