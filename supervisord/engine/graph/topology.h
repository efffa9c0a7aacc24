// Who depends on whom. For every dependency the topology caches what it means to the dependent and whether
// the dependent delays its stop, and keeps the sums in the nodes: a change costs its neighbours only, and
// asking "may this one start?" or "may this one stop?" costs O(1), whatever the size of the graph.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/node.h"
#include "engine/graph/rules.h"

namespace yard::engine::graph {

struct Edge {
    uint32_t dependent = 0;
    uint32_t dependency = 0;
    EdgeKind kind = EdgeKind::after;
    conf::Condition condition = conf::Condition::ready;
    EdgeState state = EdgeState::met;  // cached evaluate() of the dependency's facts
    bool holds_stop = false;           // cached holds_stop() of the dependent's facts
};

class Topology {
  public:
    Node& add(conf::ServiceConfig config, std::string name);
    // Makes the edges; a conflict gives one in each direction. What is leaving may depend on what is not there;
    // nobody but its like depends on it. REQUIRES: every other name in a dependency exists.
    void link();
    // Computes all cached states and sums anew.
    void recount();

    size_t size() const { return nodes_.size(); }
    Node& node(uint32_t id) { return nodes_[id]; }
    const Node& node(uint32_t id) const { return nodes_[id]; }
    std::deque<Node>& nodes() { return nodes_; }
    const std::deque<Node>& nodes() const { return nodes_; }

    // Edges from a node to what it depends on (and conflicts with).
    std::span<const Edge> dependencies(const Node& node) const;
    // Edges to a node from what depends on it.
    std::vector<const Edge*> dependents(const Node& node) const;
    // By exact name, or all instances of a service.
    std::span<const uint32_t> find(std::string_view name) const;

    // The facts of `node` changed: brings its neighbours' sums up to date and calls on_changed(Node&) for
    // each neighbour whose sums did change.
    template <typename OnChanged>
    void refresh(Node& node, OnChanged&& on_changed) {
        for (uint32_t i = incoming_begin_[node.id]; i < incoming_begin_[node.id + 1]; ++i) {
            Edge& edge = edges_[incoming_[i]];
            if (update_state(edge)) on_changed(nodes_[edge.dependent]);
        }
        for (uint32_t i = outgoing_begin_[node.id]; i < outgoing_begin_[node.id + 1]; ++i) {
            if (update_holds_stop(edges_[i])) on_changed(nodes_[edges_[i].dependency]);
        }
    }

  private:
    void connect(Node& dependent, std::string_view dependency, EdgeKind kind, conf::Condition condition);
    void index_edges();
    bool update_state(Edge& edge);
    bool update_holds_stop(Edge& edge);

    std::deque<Node> nodes_;                // nodes never move
    std::vector<Edge> edges_;               // by dependent
    std::vector<uint32_t> outgoing_begin_;  // node -> its first edge
    std::vector<uint32_t> incoming_;        // edge numbers by dependency
    std::vector<uint32_t> incoming_begin_;  // node -> its first place in incoming_
    std::vector<uint32_t> by_name_;         // nodes in the order of their configuration's name
};

}  // namespace yard::engine::graph
