#include "engine/control/dispatcher.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "engine/control/interface_table.h"
#include "engine/control/parameters.h"

namespace yard::engine::control {
namespace {

const MethodRow* find_method(std::string_view name) {
    const auto* row = std::ranges::find(kMethods, name, &MethodRow::name);
    return row == std::end(kMethods) ? nullptr : row;
}

// As varlink says: of an interface that is not there, the interface is named.
void answer_unknown_method(Call& call, const std::string& name) {
    const std::string interface = name.substr(0, name.rfind('.'));
    if (std::ranges::find(kInterfaces, interface, &InterfaceText::name) == std::end(kInterfaces)) {
        return call.error("org.varlink.service.InterfaceNotFound", Json().set("interface", interface));
    }
    const std::string prefix = interface + ".";
    std::vector<std::string> members;
    for (const MethodRow& row : kMethods) {
        if (row.name.starts_with(prefix)) members.emplace_back(row.name.substr(prefix.size()));
    }
    Json parameters;
    parameters.set("method", name);
    const std::string nearest = nearest_word(name.substr(prefix.size()), members);
    if (!nearest.empty()) parameters.set("nearest", prefix + nearest);
    call.error("org.varlink.service.MethodNotFound", parameters);
}

Status check_envelope(const Json& message) {
    if (!message.is_object()) return fail("a call is a JSON object");
    if (!message["method"].is_string()) return fail("a call needs \"method\", a string");
    for (const char* flag : {"more", "oneway"}) {
        if (message.has(flag) && !message[flag].is_bool())
            return fail("\"" + std::string(flag) + "\" is true or false");
    }
    return Ok();
}

}  // namespace

Result<std::unique_ptr<Call>> Dispatcher::dispatch(std::string_view text, const Call::Caller& caller,
                                                   ReplySink& sink) {
    const Result<Json> parsed = Json::parse(text);
    if (!parsed.ok()) return fail(parsed.error());
    const Json& message = *parsed;
    if (const Status envelope = check_envelope(message); !envelope.ok()) return fail(envelope.error());

    const MethodRow* row = find_method(message["method"].as_string());
    const bool more = row != nullptr && row->streams && message["more"].as_bool();
    auto call =
        std::make_unique<Call>(caller, message["parameters"], more, message["oneway"].as_bool(), sink);
    const bool refused = row != nullptr && caller.role < row->role;
    if (row != nullptr) call->record_in(trail_, row->name, /*changes=*/row->role >= Role::operate);
    if (row == nullptr) {
        answer_unknown_method(*call, message["method"].as_string());
    } else if (refused) {
        Json rights;
        rights.set("role", to_string(row->role)).set("has", to_string(caller.role));
        call->error(kNotPermitted, rights.set("method", std::string(row->name)));
    } else if (const auto problem = check_parameters(row->parameters, call->parameters())) {
        call->error("org.varlink.service.InvalidParameter",
                    Json().set("parameter", problem->parameter).set("message", problem->message));
    } else {
        (handlers_.*row->handler)(*call);
    }
    return call;
}

}  // namespace yard::engine::control
