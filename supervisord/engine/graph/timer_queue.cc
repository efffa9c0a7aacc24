#include "engine/graph/timer_queue.h"

namespace yard::engine::graph {
namespace {

bool earlier(const Node* a, const Node* b) {
    return a->facts.deadline_ns < b->facts.deadline_ns;
}

}  // namespace

void TimerQueue::update(Node& node) {
    const bool wanted = node.facts.deadline != Deadline::none;
    if (wanted && !contains(node)) {
        heap_.push_back(&node);
        place(node, heap_.size() - 1);
    }
    if (!contains(node)) return;
    const size_t index = node.timer_index;
    if (!wanted) {
        Node* last = heap_.back();
        heap_.pop_back();
        node.timer_index = kNoTimer;
        if (last == &node) return;
        place(*last, index);
    }
    sift_up(index);
    sift_down(index);
}

void TimerQueue::place(Node& node, size_t index) {
    heap_[index] = &node;
    node.timer_index = static_cast<uint32_t>(index);
}

void TimerQueue::sift_up(size_t index) {
    while (index > 0) {
        const size_t parent = (index - 1) / 2;
        if (!earlier(heap_[index], heap_[parent])) return;
        Node* child = heap_[index];
        place(*heap_[parent], index);
        place(*child, parent);
        index = parent;
    }
}

void TimerQueue::sift_down(size_t index) {
    for (;;) {
        size_t first = index;
        for (const size_t child : {2 * index + 1, 2 * index + 2}) {
            if (child < heap_.size() && earlier(heap_[child], heap_[first])) first = child;
        }
        if (first == index) return;
        Node* parent = heap_[index];
        place(*heap_[first], index);
        place(*parent, first);
        index = first;
    }
}

}  // namespace yard::engine::graph
