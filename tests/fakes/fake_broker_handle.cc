#include "fakes/fake_broker_handle.h"

#include "fakes/fake_broker.h"

namespace yard::fakes {

FakeBrokerHandle::FakeBrokerHandle() : broker_(std::make_unique<FakeBroker>()) {}
FakeBrokerHandle::~FakeBrokerHandle() = default;
std::string FakeBrokerHandle::path() const {
    return broker_->path();
}
void FakeBrokerHandle::died(pid_t pid) {
    broker_->died(pid);
}

}  // namespace yard::fakes
