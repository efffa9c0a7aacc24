// The descriptor that becomes readable for those who wait with epoll.
#pragma once

namespace yard::ipc {

class Bell {
  public:
    virtual ~Bell() = default;
    // Makes it readable. Must not block or fail loudly: the next waker rings again.
    virtual void ring() = 0;
};

}  // namespace yard::ipc
