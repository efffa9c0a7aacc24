#include "ipc/client/object.h"

#include "ipc/channel/object_spec.h"
#include "ipc/client/passed_object.h"

namespace yard::ipc {

Result<std::unique_ptr<Attachment>> Attachment::open(std::shared_ptr<Client> client, const std::string& name,
                                                     Kind kind, bool writable) {
    std::optional<Opened> passed = passed_object(name, writable);
    Result<Opened> opened =
        passed ? Result<Opened>(std::move(*passed)) : client->open(name, kind_name(kind), writable);
    if (!opened) return fail(std::move(opened).error());
    Result<Segment> segment = Segment::map(opened->memory, writable);
    if (segment && segment->spec().kind != kind)
        segment =
            fail(name + " is no " + kind_name(kind) + " but a " + kind_name(segment->spec().kind), EPROTO);
    if (!segment) {
        client->detach(*opened);
        return fail(std::move(segment).error());
    }
    return std::unique_ptr<Attachment>(new Attachment(std::move(client), name, kind, writable,
                                                      std::move(opened).value(), std::move(segment).value()));
}

Result<std::unique_ptr<Attachment::Side>> Attachment::join() {
    if (first_.owner != kBroker) {
        first_.memory.reset();  // it is mapped
        return side_of(std::exchange(first_, {}));
    }
    Result<Opened> opened = open_again();
    if (!opened) return fail(std::move(opened).error());
    return side_of(std::move(opened).value());
}

std::unique_ptr<Attachment::Side> Attachment::side_of(Opened opened) {
    const auto bell_anew = [this] {
        Result<Opened> again = open_again();
        if (!again) return UniqueFd();
        client_->detach(*again);
        return std::move(again->bell);
    };
    return std::unique_ptr<Side>(new Side{
        process_generation(), std::move(opened.id), opened.owner, {std::move(opened.bell), bell_anew}});
}

// The name may stand for another object by now.
Result<Opened> Attachment::open_again() {
    Result<Opened> opened = client_->open(name_, kind_name(kind_), writable_);
    if (!opened) return opened;
    if (DescriptorIdentity::of(opened->memory.get()) == memory_) return opened;
    client_->detach(*opened);
    return fail("the object that was called " + name_ + " was removed", EPIPE);
}

void Attachment::leave(const Side& side) {
    client_->detach({side.id, side.owner, {}, {}, {}});
}

}  // namespace yard::ipc
