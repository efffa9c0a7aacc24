#include <algorithm>
#include <unordered_map>

#include "conf/checks.h"
#include "conf/object_types.h"

namespace yard::conf {
namespace {

using Object = Draft<ObjectConfig>;
using Kind = ObjectConfig::Kind;

const std::string& kind_word(Kind kind) {
    return object_kinds()[static_cast<size_t>(kind)];
}

void check_queue(const Object& object, Report& report) {
    constexpr uint64_t kMaxMessage = 64 << 20, kMaxBytes = 1ull << 40;
    const ObjectConfig::Queue& queue = object.config.queue;
    const auto error = [&](const char* path, const std::string& message) {
        report.error(object.where(path), std::string(path) + ": " + message);
    };
    if (queue.max_message > kMaxMessage)
        error("queue.max_message", "expected at most 64MiB, not " + write_size(queue.max_message));
    if (queue.max_bytes > kMaxBytes) error("queue.max_bytes", "expected at most 1TiB");
    if (queue.max_bytes != 0 && queue.max_bytes < queue.max_message)
        error("queue.max_bytes", "less than max_message, which is " + write_size(queue.max_message));
    if (!queue.dead_letter.empty() && queue.max_deliveries == 0)
        error("queue.dead_letter", "no message ever dies without max_deliveries; give that too");
    if (!queue.dead_letter.empty() && queue.dead_letter == object.config.name)
        error("queue.dead_letter", "expected another queue than this one");
}

bool fits(ObjectUse use, Kind kind) {
    switch (use) {
        case ObjectUse::use:
            return true;
        case ObjectUse::consume:
        case ObjectUse::produce:
            return kind == Kind::queue || kind == Kind::pipe;
        case ObjectUse::read:
        case ObjectUse::write:
            return kind == Kind::shm || kind == Kind::pipe;
    }
    return false;
}

class Names {
  public:
    Names(const std::vector<Object>& objects, Report& report) : report_(report) {
        for (const Object& object : objects) {
            by_name_.emplace(object.config.name, &object.config);
            names_.push_back(object.config.name);
        }
    }

    // Null after it has reported that there is none.
    const ObjectConfig* find(const std::string& key, const std::string& name, Mark mark) {
        const auto found = by_name_.find(name);
        if (found != by_name_.end()) return found->second;
        if (!report_.full())
            report_.error(
                mark, key + ": " +
                          with_proposal("there is no object " + in_quotes(name), did_you_mean(name, names_)));
        return nullptr;
    }

  private:
    Report& report_;
    std::unordered_map<std::string, const ObjectConfig*> by_name_;
    std::vector<std::string> names_;
};

void check_uses(const Draft<ServiceConfig>& service, Names& names, Report& report) {
    const Mark mark = service.where("ipc");
    for (const auto& [name, use] : service.config.ipc) {
        const ObjectConfig* object = names.find("ipc", name, mark);
        if (object == nullptr || fits(use, object->kind)) continue;
        const bool flows = use == ObjectUse::consume || use == ObjectUse::produce;
        report.error(mark, "ipc: " + in_quotes(name) + " is " + with_article(kind_word(object->kind)) + "; " +
                               (flows ? "consume and produce are for queues and pipes"
                                      : "read and write are for shm and pipes") +
                               ", expected \"use\"");
    }
}

}  // namespace

void check_object(const Object& object, Report& report) {
    const ObjectConfig& config = object.config;
    if (config.kind == Kind::queue) check_queue(object, report);
    if (config.kind == Kind::semaphore && config.semaphore.max != 0 &&
        config.semaphore.value > config.semaphore.max) {
        report.error(object.where("semaphore.value"),
                     "semaphore.value: more than max, which is " + std::to_string(config.semaphore.max));
    }
    if (config.kind != Kind::shm) return;
    constexpr uint64_t kMaxShm = 1ull << 40;
    if (config.shm_size == 0 && !object.misspelt)
        report.error(object.mark, "shm.size is missing; expected a size such as 64MiB");
    if (config.shm_size > kMaxShm) report.error(object.where("shm.size"), "shm.size: expected at most 1TiB");
}

void check_objects(const std::vector<Object>& objects, const std::vector<Draft<ServiceConfig>>& services,
                   Report& report) {
    Names names(objects, report);
    for (const Object& object : objects) {
        const std::string& letters = object.config.queue.dead_letter;
        if (letters.empty() || letters == object.config.name) continue;
        const Mark mark = object.where("queue.dead_letter");
        const ObjectConfig* to = names.find("queue.dead_letter", letters, mark);
        if (to != nullptr && to->kind == Kind::queue &&
            to->queue.max_message < object.config.queue.max_message)
            report.error(mark, "queue.dead_letter: " + in_quotes(letters) + " takes messages of at most " +
                                   write_size(to->queue.max_message) + ", less than max_message here, " +
                                   write_size(object.config.queue.max_message));
        if (to != nullptr && to->kind != Kind::queue)
            report.error(mark, "queue.dead_letter: " + in_quotes(letters) + " is " +
                                   with_article(kind_word(to->kind)) + "; expected a queue");
    }
    for (const auto& service : services) check_uses(service, names, report);
}

}  // namespace yard::conf
