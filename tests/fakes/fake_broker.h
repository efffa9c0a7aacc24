// A broker on a socket of its own, from a thread of its own: it makes objects and hands them out as the daemon does, but
// asks nobody who he is, and learns of a death only by died().
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "ipc/channel/bell_pipe.h"
#include "ipc/channel/object_spec.h"
#include "ipc/channel/recovery.h"
#include "ipc/client/client_bell.h"
#include "ipc/varlink/json.h"

namespace yard::fakes {

using varlink::Json;

class FakeBroker {
  public:
    FakeBroker() {
        char folder[] = "/tmp/fake-broker-XXXXXX";
        folder_ = mkdtemp(folder);
        start();
    }
    ~FakeBroker() {
        stop();
        for (const auto& [name, object] : objects_) unlink(object.path.c_str());
        rmdir(folder_.c_str());
    }

    std::string path() const { return folder_ + "/s"; }

    // As an engine that ends, with all its connections, and another one.
    void stop() {
        if (!thread_.joinable()) return;
        stop_.reset();
        thread_.join();
        unlink(path().c_str());
    }
    void start() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) abort();
        stopped_.reset(ends[0]);
        stop_.reset(ends[1]);
        listener_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        if (bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) abort();
        if (listen(listener_.get(), 64) != 0) abort();
        thread_ = std::thread([this] { run(); });
    }

    void create(const std::string& name, const ipc::ObjectSpec& spec) {
        const std::lock_guard lock(mutex_);
        add(name, spec);
    }
    void create_pipe(const std::string& name) {
        const std::lock_guard lock(mutex_);
        Object& object = objects_[name];
        object.path = folder_ + "/" + name;
        if (mkfifo(object.path.c_str(), 0600) != 0) abort();
        object.memory.reset(open(object.path.c_str(), O_RDWR | O_CLOEXEC));
    }
    // As the daemon passes them to a service.
    void descriptors(const std::string& name, UniqueFd* memory, UniqueFd* bell) {
        const std::lock_guard lock(mutex_);
        memory->reset(fcntl(objects_[name].memory.get(), F_DUPFD_CLOEXEC, 3));
        bell->reset(fcntl(objects_[name].bell.get(), F_DUPFD_CLOEXEC, 3));
    }
    void died(pid_t pid) {
        const std::lock_guard lock(mutex_);
        for (auto& [name, object] : objects_) {
            const auto user = object.users.find(pid);
            if (user == object.users.end()) continue;
            ipc::ClientBell bell(UniqueFd(dup(object.bell.get())), [] { return UniqueFd(); });
            ipc::recover(*object.segment, user->second.owner, {static_cast<uint32_t>(pid), 9}, &bell);
            object.users.erase(user);
        }
    }
    // How often `pid` opened the object, less its detaches.
    int opens(const std::string& name, pid_t pid) {
        const std::lock_guard lock(mutex_);
        const auto& users = objects_[name].users;
        const auto user = users.find(pid);
        return user == users.end() ? 0 : user->second.opens;
    }
    size_t requests(const std::string& method) {
        const std::lock_guard lock(mutex_);
        return requests_[method].size();
    }
    Json last_request(const std::string& method) {
        const std::lock_guard lock(mutex_);
        return requests_[method].back();
    }

  private:
    struct User {
        ipc::OwnerId owner = 0;
        int opens = 0;
    };
    struct Object {
        uint64_t id = 0;
        std::unique_ptr<ipc::Segment> segment;
        UniqueFd memory, bell;
        std::string path;
        ipc::OwnerId last_owner = 0;
        std::map<pid_t, User> users;
    };
    struct Connection {
        UniqueFd fd;
        std::string received;
    };

    void add(const std::string& name, const ipc::ObjectSpec& spec) {
        if (!ipc::check_spec(spec)) abort();
        UniqueFd memory;
        Result<ipc::Segment> segment = ipc::Segment::create(spec, name.c_str(), &memory);
        if (!segment) abort();
        Object& object = objects_[name];
        object.id = ++last_id_;
        object.segment = std::make_unique<ipc::Segment>(std::move(segment).value());
        object.memory = std::move(memory);
        object.bell = ipc::make_bell_pipe().value();
    }

    void run() {
        std::vector<Connection> connections;
        for (;;) {
            std::vector<pollfd> waited{{stopped_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
            for (const Connection& each : connections) waited.push_back({each.fd.get(), POLLIN, 0});
            poll(waited.data(), waited.size(), -1);
            if (waited[0].revents != 0) return;
            for (size_t i = 2; i < waited.size(); ++i) {
                if (waited[i].revents != 0 && !serve(connections[i - 2])) connections[i - 2].fd.reset();
            }
            std::erase_if(connections, [](const Connection& each) { return !each.fd.valid(); });
            if (waited[1].revents != 0)
                connections.push_back(
                    {UniqueFd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)), ""});
        }
    }

    bool serve(Connection& connection) {
        char buffer[4096];
        const ssize_t count = recv(connection.fd.get(), buffer, sizeof buffer, 0);
        if (count <= 0) return false;
        connection.received.append(buffer, static_cast<size_t>(count));
        for (size_t end; (end = connection.received.find('\0')) != std::string::npos;) {
            const Json request = Json::parse(connection.received.substr(0, end)).value();
            connection.received.erase(0, end + 1);
            std::vector<int> fds;
            const Json reply = answer(request, pid_of(connection.fd.get()), fds);
            if (!request["oneway"].as_bool()) send(connection.fd.get(), reply.dump() + '\0', fds);
        }
        return true;
    }

    static pid_t pid_of(int fd) {
        ucred peer{};
        socklen_t size = sizeof peer;
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
        return peer.pid;
    }

    static void send(int fd, const std::string& text, const std::vector<int>& fds) {
        iovec part{const_cast<char*>(text.data()), text.size()};
        alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (!fds.empty()) {
            message.msg_control = control;
            message.msg_controllen = sizeof control;
            cmsghdr* header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(2 * sizeof(int));
            std::memcpy(CMSG_DATA(header), fds.data(), 2 * sizeof(int));
        }
        sendmsg(fd, &message, MSG_NOSIGNAL);
    }

    Json answer(const Json& request, pid_t pid, std::vector<int>& fds) {
        const std::lock_guard lock(mutex_);
        const std::string method = request["method"].as_string().substr(std::strlen("org.yardmaster."));
        const Json& asked = request["parameters"];
        requests_[method].push_back(asked);
        if (method == "IpcOpen") return open_object(asked["name"].as_string(), pid, fds);
        if (method == "IpcDetach") detach(asked, pid);
        if (method == "IpcCreate") return create(asked);
        if (method == "IpcRemove") return remove(asked["name"].as_string());
        return result({});
    }

    // Of what can be asked for, as much as tests do.
    Json create(const Json& asked) {
        const Json& options = asked["options"];
        ipc::ObjectSpec spec;
        for (const ipc::Kind kind :
             {ipc::Kind::semaphore, ipc::Kind::lock, ipc::Kind::event, ipc::Kind::shm}) {
            if (asked["kind"].as_string() == ipc::kind_name(kind)) spec.kind = kind;
        }
        if (spec.kind == ipc::Kind::queue) {
            spec.capacity = static_cast<uint32_t>(options["capacity"].as_int(1024));
            spec.max_message = static_cast<uint64_t>(options["max_message"].as_int(65536));
        } else if (spec.kind == ipc::Kind::semaphore) {
            spec.capacity = static_cast<uint32_t>(options["max"].as_int(1024));
            spec.value = static_cast<uint32_t>(options["value"].as_int());
        } else if (spec.kind == ipc::Kind::shm) {
            spec.size = static_cast<uint64_t>(options["size"].as_int());
        }
        add(asked["name"].as_string(), spec);
        return result({{"created", true}});
    }

    static Json result(Json::Object parameters) {
        return Json::Object{{"parameters", std::move(parameters)}};
    }
    static Json no_such_object(const std::string& name) {
        return Json::Object{{"error", "org.yardmaster.NoSuchObject"},
                            {"parameters", Json::Object{{"name", name}, {"nearest", "jobs"}}}};
    }

    Json open_object(const std::string& name, pid_t pid, std::vector<int>& fds) {
        const auto found = objects_.find(name);
        if (found == objects_.end()) return no_such_object(name);
        Object& object = found->second;
        if (!object.path.empty())
            return result({{"id", "0"}, {"kind", "pipe"}, {"owner", 0}, {"path", object.path}});
        User& user = object.users[pid];
        if (user.opens++ == 0) user.owner = ++object.last_owner;
        fds = {object.memory.get(), object.bell.get()};
        return result({{"id", std::to_string(object.id)},
                       {"kind", ipc::kind_name(object.segment->spec().kind)},
                       {"owner", static_cast<int64_t>(user.owner)}});
    }

    void detach(const Json& asked, pid_t pid) {
        for (auto& [name, object] : objects_) {
            if (std::to_string(object.id) != asked["id"].as_string()) continue;
            const auto user = object.users.find(pid);
            if (user != object.users.end() && --user->second.opens == 0) object.users.erase(user);
        }
    }

    Json remove(const std::string& name) {
        if (objects_.erase(name) == 0) return no_such_object(name);
        return result({});
    }

    std::string folder_;
    UniqueFd listener_, stopped_, stop_;
    std::mutex mutex_;
    std::map<std::string, Object> objects_;
    std::map<std::string, std::vector<Json>> requests_;
    uint64_t last_id_ = 0;
    std::thread thread_;
};

}  // namespace yard::fakes
