// One request on its way: what was asked, by whom, and the way back for its answers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/control/access.h"
#include "engine/control/audit.h"
#include "engine/control/interface.h"
#include "ipc/varlink/json.h"

namespace yard::engine::control {

using varlink::Json;

using Descriptors = std::vector<UniqueFd>;

// Where answers go: a connection.
class ReplySink {
  public:
    virtual ~ReplySink() = default;
    // Descriptors that travel beside the first byte of what is sent next (SCM_RIGHTS, unix(7)); at most
    // kMaxDescriptors.
    virtual void pass(Descriptors fds) = 0;
    // `message` is one JSON object in up to three parts.
    virtual void send(std::string_view head, std::string_view body, std::string_view tail) = 0;
    // The caller does not keep up with what was sent: who can wait should send no more for now.
    virtual bool congested() const = 0;
    // The last answer of the call was sent. The call is destroyed later, never during this.
    virtual void finished() = 0;

    // A pidfd of the process that connected, whatever has become of it.
    virtual Result<UniqueFd> open_peer() const = 0;
    // What handlers keep with the caller's connection; destroyed when that has ended.
    virtual std::shared_ptr<void>& companion() = 0;

    static constexpr size_t kMaxDescriptors = 4;
};

// The work behind a call that is not answered at once. Owned by the call; destroyed after the last answer, or
// when the caller goes away.
class Task {
  public:
    virtual ~Task() = default;
    // The connection was congested and is not any more.
    virtual void on_drained() {}
};

class Call {
  public:
    struct Caller {
        Credentials credentials;
        Role role = Role::anyone;
        bool is_stranger = false;  // nobody the daemon knows: it gets little of the daemon's room
    };

    // `sink` must outlive the call.
    Call(const Caller& caller, Json parameters, bool more, bool oneway, ReplySink& sink);
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call();  // what is to be recorded and has no answer is recorded as such

    // What becomes of it goes on record, before it is answered; of a call that changes nothing only that it was
    // refused. `trail` and `method` must outlive the call.
    void record_in(AuditTrail& trail, std::string_view method, bool changes);

    // Checked against the method's row: types hold, required ones are there, unknown ones are not.
    const Json& parameters() const { return parameters_; }
    const Caller& caller() const { return caller_; }
    bool more() const { return more_; }      // may be answered by progress() before reply()
    bool oneway() const { return oneway_; }  // nobody listens to the answer: do not wait for anything

    // ---- Answering: any number of progress(), then one of reply() and error(). What comes after is dropped.
    // `parameters` is a JSON object, `result` what goes on record. REQUIRES for progress(): more().
    void progress(std::string_view parameters);
    void reply(std::string_view parameters = "{}", std::string_view result = "ok");
    void reply_with(Descriptors fds, std::string_view parameters);
    void error(std::string_view name, const Json& parameters);
    Result<UniqueFd> open_peer() const { return sink_.open_peer(); }
    std::shared_ptr<void>& companion() { return sink_.companion(); }
    bool congested() const { return sink_.congested(); }
    bool is_finished() const { return finished_; }

    // Answered later by `task`.
    template <typename T>
    T& keep(std::unique_ptr<T> task) {
        T& kept = *task;
        task_ = std::move(task);
        return kept;
    }
    void on_drained();

  private:
    struct Audit {
        AuditTrail* trail;
        std::string_view method;
        bool changes;
        std::string process;
    };
    void finish();
    void record(std::string_view result, std::string details = {});

    const Caller caller_;
    const Json parameters_;
    const bool more_;
    const bool oneway_;
    bool finished_ = false;
    ReplySink& sink_;
    std::optional<Audit> audit_;  // until it was recorded
    std::unique_ptr<Task> task_;
};

}  // namespace yard::engine::control
