#include "engine/host/each_process.h"

#include <set>

namespace yard::engine {
namespace {

constexpr int kMaxPasses = 8;

}  // namespace

void for_each_process(const std::function<std::vector<ProcessRow>()>& list,
                      const std::function<void(const ProcessRow&)>& act) {
    std::set<int> done;
    bool found_new = true;
    for (int pass = 0; pass < kMaxPasses && found_new; ++pass) {
        found_new = false;
        for (const ProcessRow& row : list()) {
            if (!done.insert(row.pid).second) continue;
            found_new = true;
            act(row);
        }
    }
}

}  // namespace yard::engine
