// iceoryx: a publisher that waits for its subscriber, and a subscriber that polls, with a RouDi of their own.
#include "iceoryx_carrier.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <optional>

#include "iceoryx_hoofs/log/logmanager.hpp"
#include "iceoryx_posh/popo/untyped_publisher.hpp"
#include "iceoryx_posh/popo/untyped_subscriber.hpp"
#include "iceoryx_posh/runtime/posh_runtime.hpp"

namespace yard::bench {
namespace {

class Iceoryx : public Carrier {
  public:
    Iceoryx() {
        roudi_ = fork();
        if (roudi_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (FILE* stream : {stdout, stderr}) {
                if (freopen("/dev/null", "w", stream) == nullptr) _exit(127);
            }
            execlp("iox-roudi", "iox-roudi", "-l", "off", nullptr);
            _exit(127);
        }
        sleep(1);  // it does not say when it is ready
    }
    ~Iceoryx() override {
        kill(roudi_, SIGTERM);
        waitpid(roudi_, nullptr, 0);
    }
    void send(const void* bytes, size_t size) override {
        if (!publisher_) open_publisher();
        publisher_->loan(static_cast<uint32_t>(size))
            .and_then([&](void* chunk) {
                std::memcpy(chunk, bytes, size);
                publisher_->publish(chunk);
            })
            .or_else([](auto&) { abort(); });
    }
    void receive(void* bytes, size_t size) override {
        if (!subscriber_) open_subscriber();
        for (bool done = false; !done;) {
            subscriber_->take()
                .and_then([&](const void* chunk) {
                    std::memcpy(bytes, chunk, size);
                    subscriber_->release(chunk);
                    done = true;
                })
                .or_else([](auto&) { sched_yield(); });
        }
    }

  private:
    static iox::RuntimeName_t name(const char* role) {
        return {iox::cxx::TruncateToCapacity, (role + std::to_string(getpid())).c_str()};
    }
    static void begin(const char* role) {
        using namespace iox::log;
        LogManager::GetLogManager().SetDefaultLogLevel(LogLevel::kOff, LogLevelOutput::kHideLogLevel);
        iox::runtime::PoshRuntime::initRuntime(name(role));
    }
    void open_publisher() {
        begin("sender");
        iox::popo::PublisherOptions options;
        options.subscriberTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
        publisher_.emplace(iox::capro::ServiceDescription{"bench", "q", "m"}, options);
        while (!publisher_->hasSubscribers()) sched_yield();
    }
    void open_subscriber() {
        begin("receiver");
        iox::popo::SubscriberOptions options;
        options.queueCapacity = 128;  // its default pools have 200 chunks for large messages
        options.queueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
        subscriber_.emplace(iox::capro::ServiceDescription{"bench", "q", "m"}, options);
    }
    pid_t roudi_ = 0;
    std::optional<iox::popo::UntypedPublisher> publisher_;
    std::optional<iox::popo::UntypedSubscriber> subscriber_;
};

}  // namespace

std::unique_ptr<Carrier> make_iceoryx(size_t, int) {
    return std::make_unique<Iceoryx>();
}

}  // namespace yard::bench
