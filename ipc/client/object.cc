#include "ipc/client/object.h"

#include "ipc/channel/object_spec.h"

namespace yard::ipc {

Result<std::unique_ptr<Attachment>> Attachment::open(std::shared_ptr<Client> client, const std::string& name,
                                                     Kind kind, bool writable) {
    Result<Opened> opened = client->open(name, kind_name(kind), writable);
    if (!opened) return fail(std::move(opened).error());
    Result<Segment> segment = Segment::map(opened->memory, writable);
    if (segment && segment->spec().kind != kind)
        segment =
            fail(name + " is no " + kind_name(kind) + " but a " + kind_name(segment->spec().kind), EPROTO);
    if (!segment) {
        client->detach(opened->id, opened->owner);
        return fail(std::move(segment).error());
    }
    opened->memory.reset();
    return std::unique_ptr<Attachment>(new Attachment(std::move(client), name, kind, writable,
                                                      std::move(opened).value(), std::move(segment).value()));
}

Result<std::unique_ptr<Attachment::Side>> Attachment::join() {
    if (first_.owner != kBroker) return side_of(std::exchange(first_, {}));
    Result<Opened> opened = open_again();
    if (!opened) return fail(std::move(opened).error());
    return side_of(std::move(opened).value());
}

std::unique_ptr<Attachment::Side> Attachment::side_of(Opened opened) {
    const auto bell_anew = [this] {
        Result<Opened> again = open_again();
        if (!again) return UniqueFd();
        client_->detach(id_, again->owner);
        return std::move(again->bell);
    };
    return std::unique_ptr<Side>(
        new Side{process_generation(), opened.owner, {std::move(opened.bell), bell_anew}});
}

// The name may stand for another object by now.
Result<Opened> Attachment::open_again() {
    Result<Opened> opened = client_->open(name_, kind_name(kind_), writable_);
    if (!opened) return opened;
    if (opened->id == id_) return opened;
    client_->detach(opened->id, opened->owner);
    return fail("the object that was called " + name_ + " was removed", EPIPE);
}

void Attachment::leave(const Side& side) {
    client_->detach(id_, side.owner);
}

}  // namespace yard::ipc
