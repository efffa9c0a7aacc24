#include "ctl/channel.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "ctl/display_text.h"

namespace yard::ctl {

Result<Channel<yard_client>, Trouble> connect_channels(Context& context) {
    Channel<yard_client> client(yard_connect(context.session.socket_path().c_str()));
    if (client) return client;
    const int error = errno;
    return trouble(context.session.transport_trouble({yard_last_error(), error}));
}

Trouble channel_trouble(const Context& context, ssize_t result) {
    const int error = static_cast<int>(-result);
    const std::string name = "\"" + neutralised(context.args.name) + "\"";
    const std::string said = neutralised(yard_last_error());
    switch (error) {
        case ENOENT:
            return {ExitCode::no_such_name, said.empty() ? "no object is called " + name : said};
        case EACCES:
        case EPERM:
            return {ExitCode::not_permitted, said.empty() ? "you may not use " + name : said};
        case EAGAIN:
        case ETIMEDOUT:
            return {ExitCode::timed_out, "the time ran out while waiting for " + name};
        case EPIPE:
            return {ExitCode::failed, said.empty() ? name + " is closed, or was removed" : said};
        case EMSGSIZE:
            return {ExitCode::failed, "that is more than a message of " + name + " may have"};
        case EOVERFLOW:
            return {ExitCode::failed, name + " has as many permits as there can be"};
        case EUCLEAN:
            return {ExitCode::failed,
                    "a user of " + name + " has spoilt its memory; remove it and make it anew"};
        default:
            return {ExitCode::failed, said.empty() ? name + ": " + std::strerror(error) : said};
    }
}

Patience::Patience(std::optional<Milliseconds> timeout) {
    if (timeout) deadline_ = SystemClock().now() + std::chrono::nanoseconds(nanoseconds(timeout));
}

int64_t Patience::left_ns() const {
    if (!deadline_) return -1;
    return std::max<int64_t>(std::chrono::nanoseconds(*deadline_ - SystemClock().now()).count(), 0);
}

}  // namespace yard::ctl
