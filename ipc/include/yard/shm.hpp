// Shared memory: as bytes, or as typed values that are read whole while others write them.
#pragma once

#include <yard.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>
#include <yard/error.hpp>
#include <yard/lock.hpp>

namespace yard {
inline namespace v1 {

// Bytes. Move only; the memory goes with the last copy of what uses it. Threads: as any memory.
class Shm {
  public:
    // Takes a handle of yard.h over, which was opened that way.
    Shm(yard_shm* raw, bool writable) : handle_(std::make_shared<Handle>(raw)), writable_(writable) {}
    Shm(Shm&&) noexcept = default;
    Shm& operator=(Shm&&) noexcept = default;

    std::byte* data() const { return static_cast<std::byte*>(yard_shm_data(raw_handle())); }
    size_t size() const { return yard_shm_size(raw_handle()); }
    bool writable() const { return writable_; }
    std::span<std::byte> bytes() const { return {data(), size()}; }

    // Tells those who wait by fd() that something has changed.
    void notify() { detail::checked(yard_shm_notify(raw_handle()), "notify"); }
    // Readable at first and when somebody notified, until seen().
    int fd() const { return detail::checked(yard_shm_fd(raw_handle()), "get a descriptor"); }
    void seen() { detail::checked(yard_shm_seen(raw_handle()), "wait"); }
    yard_shm* raw_handle() const { return handle_->get(); }

  private:
    template <typename T>
    friend class SharedArray;
    using Handle = detail::Handle<yard_shm, yard_shm_close>;
    std::shared_ptr<Handle> handle_;
    bool writable_;
};

// `count` values of T that are read and written as one: what is read was written by one write() or change(), whatever
// happens to a writer. It keeps two copies; a writer fills the one that nobody looks at, then a number says that this is
// the current one. A reader never waits, and reads again only if a write was finished meanwhile.
//
// T must have no pointers and no padding that matters. All who use the memory must agree on T, the count and `schema` (a
// name for what it means, such as "prices v2"): the first one writes them down, the others are checked against it.
// Writers exclude each other by a Lock; without one there must be one writer.
template <typename T>
class SharedArray {
    static_assert(std::is_trivially_copyable_v<T>, "it is copied as bytes");

  public:
    // The memory that it needs, for create_shm().
    static constexpr size_t bytes_needed(size_t count) { return sizeof(Head) + 2 * stride(count); }

    // In the memory of `shm`. Throws Error EMSGSIZE when that is too small, EPROTO when it holds something else. `lock`
    // (may be null) must outlive it.
    SharedArray(const Shm& shm, size_t count, std::string_view schema = {}, Lock* lock = nullptr)
        : handle_(shm.handle_), base_(shm.data()), count_(count), lock_(lock) {
        if (shm.size() < bytes_needed(count))
            throw Error(EMSGSIZE, "the shared memory is too small for its type");
        const uint64_t mine = fingerprint(count, schema);
        uint64_t found = std::atomic_ref(head().schema).load();
        // Only a writer can be the first; a reader that comes before it sees zeros.
        if (found == 0 && shm.writable()) std::atomic_ref(head().schema).compare_exchange_strong(found, mine);
        if (found != 0 && found != mine)
            throw Error(EPROTO, "the shared memory holds values of another type");
    }

    size_t size() const { return count_; }

    // All values, as one write left them.
    std::vector<T> read() const {
        std::vector<T> values(count_);
        read_into(values);
        return values;
    }
    void read_into(std::span<T> values) const {
        for (;;) {
            const uint64_t version = std::atomic_ref(head().version).load(std::memory_order_acquire);
            copy_words(reinterpret_cast<std::byte*>(values.data()), copy_of(version), false);
            std::atomic_thread_fence(std::memory_order_acquire);
            if (std::atomic_ref(head().version).load(std::memory_order_relaxed) == version) return;
        }
    }
    // REQUIRES: as many as there are.
    void write(std::span<const T> values) {
        const Exclusive mine(lock_);
        store(values);
    }
    // `edit(std::span<T>)` sees the current values and changes them.
    template <typename Edit>
    void change(Edit edit) {
        const Exclusive mine(lock_);
        std::vector<T> values = read();
        edit(std::span<T>(values));
        store(values);
    }

  private:
    struct alignas(64) Head {
        uint64_t schema;   // 0: nobody has written it down yet
        uint64_t version;  // the lowest bit says which copy is the current one
    };
    using Word = uint64_t;

    class Exclusive {
      public:
        explicit Exclusive(Lock* lock) : lock_(lock) {
            if (lock_ != nullptr) lock_->lock();
        }
        ~Exclusive() {
            if (lock_ != nullptr) yard_lock_release(lock_->raw_handle());
        }
        Exclusive(const Exclusive&) = delete;

      private:
        Lock* const lock_;
    };

    // Of one copy: whole words, and a cache line of its own.
    static constexpr size_t stride(size_t count) { return (count * sizeof(T) + 63) & ~size_t{63}; }
    Head& head() const { return *reinterpret_cast<Head*>(base_); }
    std::byte* copy_of(uint64_t version) const {
        return base_ + sizeof(Head) + (version & 1) * stride(count_);
    }

    // Word by word, as the other side may be changing them: `shared` is where the words are atomic.
    void copy_words(std::byte* local, std::byte* shared, bool to_shared) const {
        const size_t size = count_ * sizeof(T);
        for (size_t at = 0; at < size; at += sizeof(Word)) {
            const size_t part = size - at < sizeof(Word) ? size - at : sizeof(Word);
            std::atomic_ref<Word> word(*reinterpret_cast<Word*>(shared + at));
            Word value = 0;
            if (to_shared) {
                std::memcpy(&value, local + at, part);
                word.store(value, std::memory_order_relaxed);
            } else {
                value = word.load(std::memory_order_relaxed);
                std::memcpy(local + at, &value, part);
            }
        }
    }

    void store(std::span<const T> values) {
        if (values.size() != count_) throw Error(EINVAL, "write another number of values than there are");
        const uint64_t version = std::atomic_ref(head().version).load(std::memory_order_relaxed);
        // A reader that sees any of these words must see that the copy is not the current one any more.
        std::atomic_thread_fence(std::memory_order_release);
        auto* const local = const_cast<std::byte*>(reinterpret_cast<const std::byte*>(values.data()));
        copy_words(local, copy_of(version + 1), true);
        std::atomic_ref(head().version).store(version + 1, std::memory_order_release);
    }

    // FNV-1a of what all must agree on; never 0.
    static uint64_t fingerprint(size_t count, std::string_view schema) {
        uint64_t hash = 0xcbf29ce484222325;
        const auto mix = [&hash](uint64_t value) { hash = (hash ^ value) * 0x100000001b3; };
        for (const uint64_t fact : {uint64_t{sizeof(T)}, uint64_t{alignof(T)}, uint64_t{count}}) mix(fact);
        for (const char c : schema) mix(static_cast<unsigned char>(c));
        return hash | 1;
    }

    std::shared_ptr<Shm::Handle> handle_;
    std::byte* base_;
    size_t count_;
    Lock* lock_;
};

// One value, likewise.
template <typename T>
class SharedValue {
  public:
    static constexpr size_t bytes_needed() { return SharedArray<T>::bytes_needed(1); }

    explicit SharedValue(const Shm& shm, std::string_view schema = {}, Lock* lock = nullptr)
        : array_(shm, 1, schema, lock) {}

    T read() const {
        T value;
        array_.read_into({&value, 1});
        return value;
    }
    void write(const T& value) { array_.write({&value, 1}); }
    // `edit(T&)` sees the current value and changes it.
    template <typename Edit>
    void change(Edit edit) {
        array_.change([&](std::span<T> values) { edit(values[0]); });
    }

  private:
    SharedArray<T> array_;
};

}  // namespace v1
}  // namespace yard
