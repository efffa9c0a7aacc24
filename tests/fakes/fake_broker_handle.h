// The fake broker for programs that include yard/*.hpp and so nothing of ours: objects are made by their create_*.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

namespace yard::fakes {

class FakeBroker;

class FakeBrokerHandle {
  public:
    FakeBrokerHandle();
    ~FakeBrokerHandle();
    std::string path() const;
    void died(pid_t pid);

  private:
    std::unique_ptr<FakeBroker> broker_;
};

}  // namespace yard::fakes
