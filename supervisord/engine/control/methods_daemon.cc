// What the daemon is, and its end.
#include <algorithm>

#include "engine/control/methods.h"

namespace yard::engine::control {

void Methods::get_info(Call& call) {
    varlink::JsonWriter json;
    json.begin_object().member("vendor", "Yardmaster").member("product", "supervisord");
    json.member("version", backend_.daemon().version).member("url", "");
    json.key("interfaces").begin_array();
    for (const InterfaceText& interface : kInterfaces) json.value(interface.name);
    call.reply(json.end_array().end_object().take());
}

void Methods::get_interface_description(Call& call) {
    const std::string& name = call.parameters()["interface"].as_string();
    const auto* found = std::ranges::find(kInterfaces, name, &InterfaceText::name);
    if (found == std::end(kInterfaces)) {
        return call.error("org.varlink.service.InterfaceNotFound", Json().set("interface", name));
    }
    call.reply(varlink::JsonWriter().begin_object().member("description", found->text).end_object().take());
}

void Methods::ping(Call& call) {
    const DaemonInfo daemon = backend_.daemon();
    varlink::JsonWriter json;
    call.reply(json.begin_object()
                   .member("pid", daemon.pid)
                   .member("keeper_pid", daemon.keeper_pid)
                   .end_object()
                   .take());
}

void Methods::get_version(Call& call) {
    varlink::JsonWriter json;
    call.reply(json.begin_object().member("version", backend_.daemon().version).end_object().take());
}

void Methods::doctor(Call& call) {
    const HostReport host = backend_.host();
    varlink::JsonWriter json;
    json.begin_object().member("cgroups", host.cgroups).member("cgroup_reason", host.cgroup_reason);
    json.member("pid_one", backend_.daemon().keeper_pid == 1);
    json.member("services", backend_.service_count()).member("service_limit", host.service_limit);
    json.member("open_files", host.open_files).member("memory_locked", host.keeper.memory_locked);
    json.member("oom_score_adj", host.keeper.oom_score_adj).member("log_folder", host.log_folder);
    call.reply(json.end_object().take());
}

void Methods::shutdown(Call& call) {
    const std::optional<bool> fresh = is_fresh(call);
    if (!fresh) return;
    call.reply();
    if (*fresh) backend_.shutdown("shut down by " + call.caller().credentials.text());
}

}  // namespace yard::engine::control
