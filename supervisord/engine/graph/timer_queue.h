// Deadlines of nodes in order of time: a binary heap whose positions are kept in the nodes, so that a
// deadline can be moved or dropped in O(log n). After reserve() nothing here allocates.
#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "engine/graph/node.h"

namespace yard::engine::graph {

class TimerQueue {
  public:
    void reserve(size_t nodes) { heap_.reserve(nodes); }

    // Puts in or moves `node` by its facts' deadline_ns, or takes it out when its deadline is none.
    void update(Node& node);

    // The node whose deadline comes first; null when there is none.
    Node* first() const { return heap_.empty() ? nullptr : heap_.front(); }

    bool contains(const Node& node) const { return node.timer_index != kNoTimer; }

  private:
    void place(Node& node, size_t index);
    void sift_up(size_t index);
    void sift_down(size_t index);

    std::vector<Node*> heap_;
};

}  // namespace yard::engine::graph
