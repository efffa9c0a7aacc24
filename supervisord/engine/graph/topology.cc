#include "engine/graph/topology.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

namespace yard::engine::graph {

Node& Topology::add(conf::ServiceConfig config, std::string name) {
    const auto id = static_cast<uint32_t>(nodes_.size());
    Node& node = nodes_.emplace_back();
    node.id = id;
    node.config = std::move(config);
    node.name = std::move(name);
    return node;
}

std::span<const uint32_t> Topology::find(std::string_view name) const {
    const std::string_view service = name.substr(0, name.find('@'));
    const auto config_name = [this](uint32_t id) { return std::string_view(nodes_[id].config.name); };
    const std::span<const uint32_t> all(std::ranges::lower_bound(by_name_, service, {}, config_name),
                                        std::ranges::upper_bound(by_name_, service, {}, config_name));
    if (service == name) return all;
    const auto one = std::ranges::find(all, name, [this](uint32_t id) { return nodes_[id].name; });
    return {one, one == all.end() ? one : one + 1};
}

std::span<const Edge> Topology::dependencies(const Node& node) const {
    const Edge* edges = edges_.data();
    return {edges + outgoing_begin_[node.id], edges + outgoing_begin_[node.id + 1]};
}

std::vector<const Edge*> Topology::dependents(const Node& node) const {
    std::vector<const Edge*> edges;
    for (uint32_t i = incoming_begin_[node.id]; i < incoming_begin_[node.id + 1]; ++i)
        edges.push_back(&edges_[incoming_[i]]);
    return edges;
}

void Topology::link() {
    by_name_.resize(nodes_.size());
    std::iota(by_name_.begin(), by_name_.end(), 0);
    std::ranges::stable_sort(by_name_, {},
                             [this](uint32_t id) { return std::string_view(nodes_[id].config.name); });
    for (Node& node : nodes_) {
        const auto connect_all = [&](const std::vector<conf::Dependency>& list, EdgeKind kind) {
            for (const conf::Dependency& to : list) connect(node, to.service, kind, to.condition);
        };
        connect_all(node.config.requires_, EdgeKind::requires_);
        connect_all(node.config.wants, EdgeKind::wants);
        connect_all(node.config.after, EdgeKind::after);
        for (const std::string& name : node.config.conflicts) {
            connect(node, name, EdgeKind::conflicts, conf::Condition::ready);
        }
    }
    index_edges();
    recount();
}

void Topology::connect(Node& dependent, std::string_view dependency, EdgeKind kind,
                       conf::Condition condition) {
    const std::span<const uint32_t> targets = find(dependency);
    assert(!targets.empty() || dependent.leaving);
    for (const uint32_t target : targets) {
        const bool was_meant = dependent.leaving || !nodes_[target].leaving;
        if (target == dependent.id || !was_meant) continue;
        edges_.push_back({dependent.id, target, kind, condition});
        if (kind == EdgeKind::conflicts) edges_.push_back({target, dependent.id, kind, condition});
    }
}

void Topology::index_edges() {
    std::stable_sort(edges_.begin(), edges_.end(),
                     [](const Edge& a, const Edge& b) { return a.dependent < b.dependent; });
    outgoing_begin_.assign(nodes_.size() + 1, 0);
    incoming_begin_.assign(nodes_.size() + 1, 0);
    for (const Edge& edge : edges_) {
        ++outgoing_begin_[edge.dependent + 1];
        ++incoming_begin_[edge.dependency + 1];
    }
    for (size_t i = 0; i < nodes_.size(); ++i) {
        outgoing_begin_[i + 1] += outgoing_begin_[i];
        incoming_begin_[i + 1] += incoming_begin_[i];
    }
    incoming_.resize(edges_.size());
    std::vector<uint32_t> next = incoming_begin_;
    for (uint32_t i = 0; i < edges_.size(); ++i) incoming_[next[edges_[i].dependency]++] = i;
    edges_.shrink_to_fit();
}

void Topology::recount() {
    for (Node& node : nodes_) {
        node.dependencies = {};
        node.stop_blockers = 0;
    }
    for (Edge& edge : edges_) {
        Node& dependent = nodes_[edge.dependent];
        Node& dependency = nodes_[edge.dependency];
        edge.state = evaluate(edge.kind, edge.condition, dependency);
        edge.holds_stop = graph::holds_stop(edge.kind, dependent.facts);
        ++dependent.dependencies[size_t(edge.state)];
        dependency.stop_blockers += edge.holds_stop ? 1 : 0;
    }
}

bool Topology::update_state(Edge& edge) {
    const EdgeState now = evaluate(edge.kind, edge.condition, nodes_[edge.dependency]);
    if (now == edge.state) return false;
    Node& dependent = nodes_[edge.dependent];
    --dependent.dependencies[size_t(edge.state)];
    ++dependent.dependencies[size_t(now)];
    edge.state = now;
    return true;
}

bool Topology::update_holds_stop(Edge& edge) {
    const bool now = graph::holds_stop(edge.kind, nodes_[edge.dependent].facts);
    if (now == edge.holds_stop) return false;
    Node& dependency = nodes_[edge.dependency];
    now ? ++dependency.stop_blockers : --dependency.stop_blockers;
    edge.holds_stop = now;
    return true;
}

}  // namespace yard::engine::graph
