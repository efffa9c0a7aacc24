#include "ipc/channel/byte_budget.h"

#include <algorithm>

namespace yard::ipc {

// The charge of a descriptor: phase 2 | size 28 | serial 34, by which no two charges are alike.
struct ByteBudget::Charge {
    Phase phase;
    uint64_t size;
    uint64_t serial;

    uint64_t packed() const {
        return static_cast<uint64_t>(phase) << 62 | size << 34 | (serial & kSerialMask);
    }
    static Charge of(uint64_t bits) {
        return {static_cast<Phase>(bits >> 62), bits >> 34 & kSizeMask, bits & kSerialMask};
    }
    Charge next(Phase to, uint64_t bytes) const { return {to, bytes, serial + 1}; }

    static constexpr uint64_t kSerialMask = (1ULL << 34) - 1;
    static constexpr uint64_t kSizeMask = (1ULL << 28) - 1;
};

bool ByteBudget::add(uint32_t index, size_t size) {
    if (!limited()) return true;
    SharedWord<uint64_t>& word = descriptors_[index].charge;
    const Charge charge = Charge::of(word.load()).next(adding, size);
    word.store(charge.packed());
    if (apply(index, charge.packed(), true)) return true;
    word.store(charge.next(none, 0).packed());
    return false;
}

void ByteBudget::remove(uint32_t index) {
    if (!limited()) return;
    SharedWord<uint64_t>& word = descriptors_[index].charge;
    const Charge present = Charge::of(word.load());
    const uint64_t charge = present.next(removing, present.size).packed();
    word.store(charge);
    apply(index, charge, false);
}

// What is noted in a descriptor once its charge is in the sum.
uint64_t ByteBudget::applied(uint64_t bits) {
    const Charge charge = Charge::of(bits);
    return charge.phase == adding ? charge.next(charged, charge.size).packed()
                                  : charge.next(none, 0).packed();
}

bool ByteBudget::apply(uint32_t index, uint64_t charge, bool addition) {
    const uint64_t size = Charge::of(charge).size;
    for (;;) {
        const uint64_t before = sum_.load();
        const uint64_t bytes = before >> kSumShift;
        if (addition && bytes + size > limit_) return false;
        settle(before);
        const uint64_t changed = addition ? bytes + size : bytes - std::min(bytes, size);
        const uint64_t after = changed << kSumShift | uint64_t{addition} << 20 | (index + 1);
        if (!sum_.replace(before, after)) continue;
        // Not by what the sum names: that may be another one by now, and its maker may have slept since it looked.
        descriptors_[index].charge.replace(charge, applied(charge));
        return true;
    }
}

// Notes in the descriptor that `sum` names that its charge was applied.
void ByteBudget::settle(uint64_t sum) {
    const auto named = static_cast<uint32_t>(sum & 0xfffff);
    if (named == 0 || named > capacity_) return;
    const bool addition = (sum >> 20 & 1) != 0;
    SharedWord<uint64_t>& word = descriptors_[named - 1].charge;
    const uint64_t bits = word.load();
    const Charge charge = Charge::of(bits);
    if (charge.phase != (addition ? adding : removing)) return;
    if (sum_.load() != sum)
        return;  // it was settled by whoever changed the sum, and this may be a later charge
    word.replace(bits, applied(bits));
}

void ByteBudget::settle_and_remove(uint32_t index) {
    if (!limited()) return;
    settle(sum_.load());
    SharedWord<uint64_t>& word = descriptors_[index].charge;
    const Charge charge = Charge::of(word.load());
    if (charge.phase == adding) word.store(charge.next(none, 0).packed());  // it was never applied
    if (charge.phase == charged || charge.phase == removing) remove(index);
}

}  // namespace yard::ipc
