#include "ctl/session.h"

#include <unistd.h>

#include <cerrno>

#include "ctl/display_text.h"

namespace yard::ctl {
namespace {

using varlink::Client;
using varlink::Json;
using varlink::Reply;

constexpr const char* kInterface = "org.yardmaster.";
constexpr std::chrono::seconds kReplyWithin{30};

std::string quoted(const std::string& text) {
    return "\"" + neutralised(text) + "\"";
}

Trouble no_such_service(const Json& parameters) {
    std::string sentence = "no service is called " + quoted(parameters["name"].as_string());
    const std::string& nearest = parameters["nearest"].as_string();
    sentence += nearest.empty() ? "; \"ctl status\" lists those there are"
                                : "; did you mean " + quoted(nearest) + "?";
    return {ExitCode::no_such_name, std::move(sentence)};
}

Trouble no_such_object(const Json& parameters) {
    std::string sentence = "no object is called " + quoted(parameters["name"].as_string());
    const std::string& nearest = parameters["nearest"].as_string();
    sentence += nearest.empty() ? "; \"ctl ipc ls\" lists those there are"
                                : "; did you mean " + quoted(nearest) + "?";
    return {ExitCode::no_such_name, std::move(sentence)};
}

Trouble not_permitted(const Json& parameters, const std::string& command) {
    const std::string& message = parameters["message"].as_string();
    if (!message.empty()) return {ExitCode::not_permitted, neutralised(message)};
    const std::string& has = parameters["has"].as_string();
    return {ExitCode::not_permitted,
            command + " needs the role " + neutralised(parameters["role"].as_string()) + "; uid " +
                std::to_string(geteuid()) + " has " + (has == "anyone" ? "none" : neutralised(has)) +
                " (\"access:\" in the daemon's configuration gives roles)"};
}

Trouble timed_out(const Json& parameters) {
    const std::string& message = parameters["message"].as_string();
    return {ExitCode::timed_out, message.empty() ? "the time ran out" : neutralised(message)};
}

Trouble invalid_value(const Json& parameters) {
    return {ExitCode::usage, "the daemon does not accept the value of " +
                                 quoted(parameters["parameter"].as_string()) + ": " +
                                 neutralised(parameters["message"].as_string())};
}

Trouble failed(const Json& parameters) {
    return {ExitCode::failed, neutralised(parameters["message"].as_string())};
}

Trouble unknown_method(const Json& parameters) {
    return {ExitCode::failed, "the daemon does not know " + quoted(parameters["method"].as_string()) +
                                  "; it is older than this ctl: compare with \"ctl version\""};
}

Trouble too_many_clients(const Json& parameters) {
    return {ExitCode::unreachable, "the daemon serves " + std::to_string(parameters["limit"].as_int()) +
                                       " clients, which is as many as it can; try again, or end some"};
}

Trouble invalid_configuration(const Json& parameters) {
    const Json::Array& mistakes = parameters["mistakes"].as_array();
    std::string text = "the configuration has mistakes, and nothing is changed:";
    for (const Json& each : mistakes) {
        text += "\n" + neutralised(each["file"].as_string()) + ":";
        if (const int64_t line = each["line"].as_int(); line > 0)
            text += std::to_string(line) + ":" + std::to_string(each["column"].as_int()) + ":";
        text += " error: " + neutralised(each["message"].as_string());
    }
    return {ExitCode::failed, std::move(text)};
}

bool nobody_listens(const Error& error) {
    return error.code == ENOENT || error.code == ENOTDIR || error.code == ECONNREFUSED;
}

struct ErrorRow {
    const char* name;
    Trouble (*explain)(const Json& parameters);
};
constexpr ErrorRow kErrors[] = {{"org.yardmaster.NoSuchService", no_such_service},
                                {"org.yardmaster.NoSuchObject", no_such_object},
                                {"org.yardmaster.TimedOut", timed_out},
                                {"org.yardmaster.InvalidValue", invalid_value},
                                {"org.yardmaster.Failed", failed},
                                {"org.yardmaster.InvalidConfiguration", invalid_configuration},
                                {"org.yardmaster.TooManyClients", too_many_clients},
                                {"org.varlink.service.MethodNotFound", unknown_method}};

}  // namespace

Trouble reply_trouble(const Reply& reply, const std::string& command) {
    if (reply.error == "org.yardmaster.NotPermitted") return not_permitted(reply.parameters, command);
    for (const ErrorRow& row : kErrors) {
        if (reply.error == row.name) return row.explain(reply.parameters);
    }
    std::string sentence = "the daemon answered " + neutralised(reply.error);
    if (reply.parameters.is_object()) sentence += " " + neutralised(reply.parameters.dump());
    return {ExitCode::failed, std::move(sentence)};
}

Json mutating(Json parameters) {
    parameters.set("request_id", varlink::new_request_id());
    return parameters;
}

Result<Json, Trouble> Session::call(const std::string& method, Json parameters) {
    if (Result<Unit, Trouble> connected = connect(); !connected) return trouble(std::move(connected).error());
    if (parameters.is_null()) parameters = Json(Json::Object{});
    Result<Reply> reply = client_->call(kInterface + method, parameters);
    daemon_ended_ = !reply && nobody_listens(reply.error());
    if (!reply) return trouble(transport_trouble(reply.error()));
    if (!reply->ok()) return trouble(reply_trouble(*reply, command_));
    return std::move(reply->parameters);
}

Result<Unit, Trouble> Session::stream(const std::string& method, const std::function<Json()>& parameters,
                                      const std::function<bool(const Reply&)>& on_reply,
                                      const varlink::Quiet* quiet) {
    if (Result<Unit, Trouble> connected = connect(); !connected) return connected;
    std::optional<Trouble> refused;
    const auto take = [&](const Reply& reply) {
        if (reply.ok()) return on_reply(reply);
        refused = reply_trouble(reply, command_);
        return false;
    };
    for (;;) {
        const Status ended = client_->call_more(kInterface + method, parameters(), take, quiet);
        if (refused) return trouble(std::move(*refused));
        if (ended) return Unit{};
        if (!varlink::connection_ended(ended.error())) return trouble(transport_trouble(ended.error()));
        if (const Status again = client_->reconnect(); !again)
            return trouble(transport_trouble(again.error()));
    }
}

void Session::wait_until_gone(const varlink::Quiet* quiet) {
    client_->set_reply_within(std::chrono::seconds(0));
    const auto ignore = [](const Reply& reply) { return reply.ok(); };
    do {
        // The events of the engine, or of its successor, end when it does.
        const Status ended =
            client_->call_more(kInterface + std::string("Subscribe"), Json(Json::Object{}), ignore, quiet);
        if (ended) return;
    } while (client_->reconnect());
}

Result<Unit, Trouble> Session::connect() {
    if (client_) return Unit{};
    Result<Client> client = Client::connect(path_);
    if (!client) return trouble(transport_trouble(client.error()));
    client_.emplace(std::move(client).value());
    client_->set_reply_within(patient_ ? std::chrono::seconds(0) : kReplyWithin);
    return Unit{};
}

Trouble Session::transport_trouble(const Error& error) const {
    if (nobody_listens(error)) {
        const bool was_chosen = path_ == varlink::default_socket_path("");
        return {ExitCode::unreachable,
                "no daemon listens on " + path_ +
                    (was_chosen ? " (" + varlink::default_socket_reason() + ")" : "") +
                    "; start one with \"supervisord -c FILE\", or name its socket with -s or YARD_SOCKET"};
    }
    switch (error.code) {
        case EACCES:
        case EPERM:
            return {ExitCode::not_permitted, "you (uid " + std::to_string(geteuid()) + ") may not open " +
                                                 path_ + "; run ctl as root or as the user of the daemon"};
        case ECONNRESET:
            return {ExitCode::unreachable,
                    "the daemon on " + path_ + " closes every connection; its own log says why"};
        case ETIMEDOUT:
            return {ExitCode::unreachable, "the daemon on " + path_ + " did not answer within " +
                                               std::to_string(kReplyWithin.count()) +
                                               " s; is it stopped, or the machine overloaded?"};
        case EPROTO:
            return {ExitCode::unreachable,
                    "what listens on " + path_ + " is not the daemon: " + neutralised(error.message)};
        default:
            return {ExitCode::unreachable, neutralised(error.message)};
    }
}

}  // namespace yard::ctl
