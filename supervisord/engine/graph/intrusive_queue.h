// A first-in-first-out queue whose links live in the elements: putting in, taking out and removing allocate
// nothing and cannot fail. An element is in at most one queue per hook.
#pragma once

#include <cstddef>

namespace yard::engine::graph {

template <typename T>
struct QueueHook {
    T* before = nullptr;
    T* after = nullptr;
    bool queued = false;
};

template <typename T, QueueHook<T> T::*kHook>
class IntrusiveQueue {
  public:
    bool empty() const { return first_ == nullptr; }
    size_t size() const { return size_; }
    static bool contains(const T& element) { return (element.*kHook).queued; }

    // Does nothing if the element is queued already.
    void push(T& element) {
        QueueHook<T>& hook = element.*kHook;
        if (hook.queued) return;
        hook = {last_, nullptr, true};
        (last_ != nullptr ? (last_->*kHook).after : first_) = &element;
        last_ = &element;
        ++size_;
    }

    // Does nothing if the element is not queued.
    void remove(T& element) {
        QueueHook<T>& hook = element.*kHook;
        if (!hook.queued) return;
        (hook.before != nullptr ? (hook.before->*kHook).after : first_) = hook.after;
        (hook.after != nullptr ? (hook.after->*kHook).before : last_) = hook.before;
        hook = {};
        --size_;
    }

    // The first element, taken out; null when empty.
    T* pop() {
        T* element = first_;
        if (element != nullptr) remove(*element);
        return element;
    }

    // Walks without taking out. `visit` must not change this queue.
    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (T* element = first_; element != nullptr; element = (element->*kHook).after) visit(*element);
    }

  private:
    T* first_ = nullptr;
    T* last_ = nullptr;
    size_t size_ = 0;
};

}  // namespace yard::engine::graph
