#include "ipc/client/create.h"

namespace yard::ipc {

using varlink::Json;

Result<bool> create(Client& client, const Creation& creation) {
    Json asked(Json::Object{{"kind", creation.kind}, {"name", creation.name}});
    asked.set("options", creation.options.is_null() ? Json(Json::Object{}) : creation.options);
    if (creation.ephemeral) asked.set("lifetime", "ephemeral");
    if (creation.exist_ok) asked.set("exist_ok", true);
    if (creation.mode != 0) asked.set("mode", creation.mode);
    Result<Json> reply = client.call("IpcCreate", asked);
    if (!reply) return fail(std::move(reply).error());
    return (*reply)["created"].as_bool();
}

Status remove(Client& client, const std::string& name) {
    Result<Json> reply = client.call("IpcRemove", Json(Json::Object{{"name", name}}));
    if (!reply) return fail(std::move(reply).error());
    return Ok();
}

}  // namespace yard::ipc
