#include <map>
#include <set>
#include <string_view>
#include <unordered_map>

#include "conf/checks.h"

namespace yard::conf {
namespace {

using Service = Draft<ServiceConfig>;

class Neighbours {
  public:
    Neighbours(const std::vector<Service>& services, Report& report)
        : services_(services), report_(report), edges_(services.size()) {
        for (size_t i = 0; i < services.size(); ++i) numbers_[services[i].config.name] = i;
    }

    void check(const Draft<DaemonConfig>& daemon) {
        for (size_t i = 0; i < services_.size(); ++i) {
            const ServiceConfig& service = services_[i].config;
            check_relation(i, "requires", service.requires_);
            check_relation(i, "wants", service.wants);
            check_relation(i, "after", service.after);
        }
        for (size_t i = 0; i < services_.size(); ++i) check_conflicts(i);
        check_cycles(services_, edges_, report_);
        check_log_paths();
        if (!daemon.config.exit_with.empty())
            check_exit_with(daemon.config.exit_with, daemon.where("exit_with"));
    }

  private:
    // The number of the service that `key` names; reports a name that there is not.
    std::optional<size_t> find(const std::string& key, const std::string& name, Mark mark) {
        const auto found = numbers_.find(name);
        if (found != numbers_.end()) return found->second;
        if (report_.full()) return {};
        const std::string base = name.substr(0, name.find('@'));
        std::string proposal =
            numbers_.count(base) != 0 ? in_quotes(base) + " means all of its instances" : nearest_name(name);
        report_.error(mark, key + ": " + with_proposal("there is no service " + in_quotes(name), proposal));
        return {};
    }

    // Compares with every service: thousands that miss the same one, or one each, shall not cost minutes.
    std::string nearest_name(const std::string& name) {
        constexpr size_t kMaxProposals = 100;
        if (names_.empty()) {
            for (const Service& service : services_) names_.push_back(service.config.name);
        }
        if (proposals_.size() >= kMaxProposals && proposals_.count(name) == 0) return {};
        const auto [proposal, first] = proposals_.emplace(name, "");
        if (first) proposal->second = did_you_mean(name, names_);
        return proposal->second;
    }

    void check_relation(size_t from, const char* relation, const std::vector<Dependency>& dependencies) {
        const std::vector<Mark> marks = services_[from].items(relation, dependencies.size());
        for (size_t i = 0; i < dependencies.size(); ++i) {
            const auto& [name, condition] = dependencies[i];
            if (name == services_[from].config.name) {
                report_.error(marks[i],
                              std::string(relation) + ": " + in_quotes(name) + " cannot depend on itself");
                continue;
            }
            const auto to = find(relation, name, marks[i]);
            if (!to) continue;
            edges_[from].push_back({*to, relation, marks[i]});
            if (condition == Condition::completed && !services_[*to].config.oneshot) {
                report_.error(marks[i], std::string(relation) + ": " + in_quotes(name) +
                                            " never completes; expected a service with oneshot: true");
            }
        }
    }

    void check_conflicts(size_t from) {
        const ServiceConfig& config = services_[from].config;
        const std::vector<Mark> marks = services_[from].items("conflicts", config.conflicts.size());
        for (size_t i = 0; i < config.conflicts.size(); ++i) {
            const std::string& name = config.conflicts[i];
            if (name.empty()) continue;  // reported already
            const auto to = find("conflicts", name, marks[i]);
            if (!to) continue;
            if (*to == from)
                report_.error(marks[i], "conflicts: " + in_quotes(name) + " cannot conflict with itself");
            if (needs(from, *to))
                report_.error(marks[i], "conflicts: " + in_quotes(config.name) + " needs " + in_quotes(name) +
                                            " as well; keep one of the two");
            if (needs(*to, from))
                report_.error(marks[i], "conflicts: " + in_quotes(name) + " needs " + in_quotes(config.name) +
                                            "; keep one of the two");
        }
    }

    // Does one start the other?
    bool needs(size_t one, size_t other) {
        if (starts_.empty()) {
            for (size_t from = 0; from < edges_.size(); ++from) {
                for (const DependencyEdge& edge : edges_[from]) {
                    if (std::string_view(edge.relation) != "after") starts_.emplace(from, edge.to);
                }
            }
        }
        return starts_.count({one, other}) != 0;
    }

    void check_exit_with(const std::string& name, Mark mark) {
        const auto to = find("daemon.exit_with", name, mark);
        if (!to || services_[*to].config.instances == 1) return;
        report_.error(mark, "daemon.exit_with: " + in_quotes(name) + " has " +
                                std::to_string(services_[*to].config.instances) +
                                " instances; expected a service with one");
    }

    void check_log_paths() {
        std::map<std::string_view, const Service*> writers;
        for (const Service& service : services_) {
            if (service.config.log.path.empty() || !service.config.log.to_file) continue;
            const auto [writer, first] = writers.emplace(service.config.log.path, &service);
            if (first) continue;
            if (!service.has_own("log.path")) {
                report_.error(
                    service.where("log.path"),
                    "log.path: all services would write to this one file; leave it out of defaults");
                continue;
            }
            report_.error(service.where("log.path"),
                          "log.path: " + in_quotes(service.config.name) + " and " +
                              in_quotes(writer->second->config.name) + " would both write to " +
                              in_quotes(service.config.log.path) + "; expected a file for each");
        }
    }

    const std::vector<Service>& services_;
    Report& report_;
    std::unordered_map<std::string_view, size_t> numbers_;
    std::vector<std::string> names_;
    std::map<std::string, std::string> proposals_;
    DependencyEdges edges_;
    std::set<std::pair<size_t, size_t>> starts_;  // requires and wants; filled when a conflict asks
};

}  // namespace

void check_services(const std::vector<Service>& services, const Draft<DaemonConfig>& daemon, Report& report) {
    Neighbours(services, report).check(daemon);
}

}  // namespace yard::conf
