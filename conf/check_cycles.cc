#include <algorithm>

#include "conf/checks.h"

namespace yard::conf {
namespace {

// Takes services away that wait for nothing (any more), as starting them would. What is left when that ends
// waits for a cycle; the first cycle found is reported and taken away as well, and so on.
class CycleFinder {
  public:
    CycleFinder(const std::vector<Draft<ServiceConfig>>& services, const DependencyEdges& edges,
                Report& report)
        : services_(services),
          edges_(edges),
          report_(report),
          waits_for_(edges.size()),
          waiters_(edges.size()),
          gone_(edges.size()),
          position_(edges.size(), kNowhere) {
        for (size_t from = 0; from < edges.size(); ++from) {
            waits_for_[from] = edges[from].size();
            for (const DependencyEdge& edge : edges[from]) waiters_[edge.to].push_back(from);
        }
    }

    void run() {
        for (size_t i = 0; i < edges_.size(); ++i) {
            if (waits_for_[i] == 0) take_away(i);
        }
        for (size_t i = 0; i < edges_.size() && !report_.full(); ++i) {
            while (!gone_[i]) report_cycle_behind(i);
        }
    }

  private:
    static constexpr size_t kNowhere = SIZE_MAX;

    void take_away(size_t service) {
        std::vector<size_t> ready{service};
        while (!ready.empty()) {
            const size_t next = ready.back();
            ready.pop_back();
            if (gone_[next]) continue;
            gone_[next] = true;
            for (const size_t waiter : waiters_[next]) {
                if (--waits_for_[waiter] == 0) ready.push_back(waiter);
            }
        }
    }

    const DependencyEdge& remaining_edge(size_t from) const {
        return *std::find_if(edges_[from].begin(), edges_[from].end(),
                             [&](const DependencyEdge& edge) { return !gone_[edge.to]; });
    }

    // Every service that is left waits for one that is left: following that must come round.
    void report_cycle_behind(size_t start) {
        std::vector<size_t> path;
        size_t at = start;
        for (; position_[at] == kNowhere; at = remaining_edge(at).to) {
            position_[at] = path.size();
            path.push_back(at);
        }
        std::vector<size_t> cycle(path.begin() + static_cast<std::ptrdiff_t>(position_[at]), path.end());
        for (const size_t service : path) position_[service] = kNowhere;
        std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
        report_.error(remaining_edge(cycle[0]).mark,
                      "dependency cycle: " + sentence(cycle) + "; none of them could start");
        for (const size_t service : cycle) take_away(service);
    }

    std::string sentence(const std::vector<size_t>& cycle) const {
        std::string text;
        for (const size_t service : cycle) {
            const DependencyEdge& edge = remaining_edge(service);
            text += (text.empty() ? "" : ", ") + services_[service].config.name + " " + edge.relation + " " +
                    services_[edge.to].config.name;
        }
        return text;
    }

    const std::vector<Draft<ServiceConfig>>& services_;
    const DependencyEdges& edges_;
    Report& report_;
    std::vector<size_t> waits_for_;  // how many that are not gone
    std::vector<std::vector<size_t>> waiters_;
    std::vector<bool> gone_;
    std::vector<size_t> position_;  // on the path being followed
};

}  // namespace

void check_cycles(const std::vector<Draft<ServiceConfig>>& services, const DependencyEdges& edges,
                  Report& report) {
    CycleFinder(services, edges, report).run();
}

}  // namespace yard::conf
