// The processes of services as trees, from the parent that each names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/terminal.h"
#include "ipc/varlink/json.h"

namespace yard::ctl {

struct ProcessNode {
    int64_t pid = 0;
    std::string command;
    std::vector<ProcessNode> children;  // by pid
};

struct ServiceTree {
    std::string service;
    std::vector<ProcessNode>
        roots;  // those whose parent is not of the service: the main process and adopted orphans
};

// From an array of the interface's type Process; services in the order in which they come. Every process is
// in the result exactly once, whatever the parents say.
std::vector<ServiceTree> build_trees(const varlink::Json& processes);

// "api", then a line a process with box characters (ASCII where the terminal is not UTF-8), cut to its width.
std::string draw_tree(const ServiceTree& tree, const Terminal& terminal);

varlink::Json tree_json(const ServiceTree& tree);

}  // namespace yard::ctl
