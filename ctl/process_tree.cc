#include "ctl/process_tree.h"

#include <algorithm>
#include <map>
#include <utility>

namespace yard::ctl {
namespace {

using varlink::Json;

struct Process {
    int64_t parent = 0;
    std::string command;
    bool placed = false;
};
using ProcessTable = std::map<int64_t, Process>;  // by pid

constexpr int kDeepest =
    64;  // levels in one tree: a service may fork a chain as long as the stack of this program

ProcessNode take_subtree(ProcessTable& table, int64_t pid, int depth = 1) {
    Process& process = table[pid];
    process.placed = true;
    ProcessNode node{pid, process.command, {}};
    for (auto& [child, facts] : table) {
        const bool is_ours = facts.parent == pid && !facts.placed && depth < kDeepest;
        if (is_ours) node.children.push_back(take_subtree(table, child, depth + 1));
    }
    return node;
}

std::vector<ProcessNode> take_all(ProcessTable& table) {
    std::vector<ProcessNode> roots;
    for (const auto& [pid, process] : table) {
        if (!table.contains(process.parent)) roots.push_back(take_subtree(table, pid));
    }
    // What is too deep begins a tree of its own, and so does a circle, which a snapshot that was not taken in
    // one instant may show: nothing vanishes.
    for (const auto& [pid, process] : table) {
        if (!process.placed) roots.push_back(take_subtree(table, pid));
    }
    return roots;
}

struct Branches {
    const char *fork, *last, *through, *space;
};
constexpr Branches kBoxes{"├─ ", "└─ ", "│  ", "   "};
constexpr Branches kAscii{"|- ", "`- ", "|  ", "   "};

void draw_nodes(const std::vector<ProcessNode>& nodes, const std::string& indent, const Terminal& terminal,
                std::string& text) {
    const Branches& branches = terminal.utf8 ? kBoxes : kAscii;
    for (size_t i = 0; i < nodes.size(); ++i) {
        const bool last = i + 1 == nodes.size();
        std::string line = indent + (last ? branches.last : branches.fork) + std::to_string(nodes[i].pid) +
                           " " + terminal.safe(nodes[i].command);
        if (terminal.width != 0) line = cut_to_width(line, terminal.width, terminal.ellipsis());
        text += line + "\n";
        draw_nodes(nodes[i].children, indent + (last ? branches.space : branches.through), terminal, text);
    }
}

Json nodes_json(const std::vector<ProcessNode>& nodes) {
    Json::Array array;
    for (const ProcessNode& node : nodes) {
        array.push_back(Json::Object{
            {"pid", node.pid}, {"command", node.command}, {"children", nodes_json(node.children)}});
    }
    return array;
}

}  // namespace

std::vector<ServiceTree> build_trees(const Json& processes) {
    std::vector<std::pair<std::string, ProcessTable>> tables;
    for (const Json& process : processes.as_array()) {
        const std::string& service = process["service"].as_string();
        auto table = std::find_if(tables.begin(), tables.end(),
                                  [&](const auto& entry) { return entry.first == service; });
        if (table == tables.end()) table = tables.insert(tables.end(), {service, {}});
        table->second[process["pid"].as_int()] = {process["ppid"].as_int(), process["command"].as_string()};
    }
    std::vector<ServiceTree> trees;
    for (auto& [service, table] : tables) trees.push_back({service, take_all(table)});
    return trees;
}

std::string draw_tree(const ServiceTree& tree, const Terminal& terminal) {
    std::string text = terminal.paint(terminal.safe(tree.service), Colour::bold) + "\n";
    draw_nodes(tree.roots, "", terminal, text);
    return text;
}

Json tree_json(const ServiceTree& tree) {
    return Json::Object{{"service", tree.service}, {"processes", nodes_json(tree.roots)}};
}

}  // namespace yard::ctl
