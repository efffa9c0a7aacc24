#include "engine/ready/resolver.h"

#include <uv.h>

#include <cstring>

namespace yard::engine {
namespace {

std::vector<NetAddress> copy_addresses(const addrinfo* list) {
    std::vector<NetAddress> addresses;
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        NetAddress address;
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
        address.size = entry->ai_addrlen;
        addresses.push_back(address);
    }
    return addresses;
}

}  // namespace

struct Resolver::Request {
    uv_getaddrinfo_t handle;
    Resolver* owner;  // null: nobody waits any more
    Done done;

    static void on_answer(uv_getaddrinfo_t* handle, int status, addrinfo* list) {
        const std::unique_ptr<Request> self(static_cast<Request*>(handle->data));
        const std::unique_ptr<addrinfo, void (*)(addrinfo*)> answer(list, uv_freeaddrinfo);
        if (self->owner == nullptr) return;
        self->owner->request_ = nullptr;
        if (status != 0) return self->done(fail(uv_strerror(status)));
        self->done(copy_addresses(list));
    }
};

Resolver::Resolver(uv_loop_s* loop, const HostPort& target, Done done) {
    if (const auto address = numeric_address(target)) {
        done(std::vector{*address});
        return;
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    auto request = std::make_unique<Request>();
    request->handle.data = request.get();
    request->owner = this;
    request->done = std::move(done);
    const int error = uv_getaddrinfo(loop, &request->handle, Request::on_answer, target.host.c_str(),
                                     std::to_string(target.port).c_str(), &hints);
    if (error == 0) {
        request_ = request.release();
    } else {
        request->done(fail(uv_strerror(error)));
    }
}

Resolver::~Resolver() {
    if (request_ == nullptr) return;
    request_->owner = nullptr;
    // Works only while it waits for a thread; either way on_answer frees the request.
    uv_cancel(reinterpret_cast<uv_req_t*>(&request_->handle));
}

}  // namespace yard::engine
