// ctl queue, but for `queue run`
#include "ctl/channel.h"
#include "ctl/framing.h"

namespace yard::ctl {
namespace {

using varlink::Json;

Result<Channel<yard_queue>, Trouble> open_queue(Context& context) {
    return open_channel<yard_queue>(context, yard_queue_open);
}

Outcome put_message(Context& context, yard_queue* queue, const std::string& message,
                    const Patience& patience) {
    const Arguments& args = context.args;
    const yard_put_options options{static_cast<uint32_t>(args.priority.value_or(0)), 0,
                                   nanoseconds(args.delay), nanoseconds(args.ttl)};
    const int result =
        yard_queue_put_opts(queue, message.data(), message.size(), &options, patience.left_ns());
    if (result == -EINVAL)
        return trouble(ExitCode::usage,
                       "the queue has no such priority; they go from 0 to 7 where it has any");
    if (result == -EAGAIN && patience.left_ns() != 0) return trouble(ExitCode::failed, "the queue is full");
    if (result < 0) return trouble(channel_trouble(context, result));
    return ExitCode::done;
}

// A document of JSON would change other bytes.
bool is_text(std::string_view bytes) {
    const auto read = Json::parse(Json(std::string(bytes)).dump());
    return read && read->as_string() == bytes;
}

std::string message_text(const Context& context, const yard_message& message, Framing framing) {
    const std::string_view bytes(static_cast<const char*>(message.data), message.size);
    if (context.args.json) {
        Json document(Json::Object{{"size", static_cast<int64_t>(bytes.size())},
                                   {"deliveries", static_cast<int64_t>(message.deliveries)}});
        is_text(bytes) ? document.set("data", std::string(bytes)) : document.set("base64", base64(bytes));
        return document.dump() + "\n";
    }
    std::string text = framed(bytes, framing);
    if (framing == Framing::whole && context.terminal.is_tty) text += '\n';
    return text;
}

// It is acknowledged once it is written: what the reader of our output did not take stays in the queue.
Outcome pass_on(Context& context, yard_queue* queue, Framing framing, const yard_message& message) {
    context.out.write(message_text(context, message, framing));
    const Status written = context.out.finish();
    if (!written || context.out.closed()) {
        yard_queue_nack(queue, message.id, 0);
        return trouble(ExitCode::failed, written ? "nobody reads what this writes" : written.error().message);
    }
    yard_queue_ack(queue, message.id);
    return ExitCode::done;
}

// A number for people and scripts alike.
void print_number(Context& context, const char* name, ssize_t number) {
    context.out.line(context.args.json ? Json(Json::Object{{name, static_cast<int64_t>(number)}}).dump()
                                       : std::to_string(number));
}

}  // namespace

Outcome run_queue_put(Context& context) {
    const Arguments& args = context.args;
    const Result<Framing, Trouble> framing = framing_of(args);
    if (!framing) return trouble(framing.error());
    if (args.data && *framing != Framing::whole)
        return trouble(ExitCode::usage,
                       "what stands on the command line is one message; leave DATA out to read several");
    const auto queue = open_queue(context);
    if (!queue) return trouble(queue.error());
    const Patience patience(args.timeout);
    if (args.data) return put_message(context, queue->get(), *args.data, patience);
    MessageReader reader(STDIN_FILENO, *framing);
    for (;;) {
        const auto message = reader.next();
        if (!message) return trouble(message.error());
        if (!*message) return ExitCode::done;
        const Outcome put = put_message(context, queue->get(), **message, patience);
        if (!put) return put;
    }
}

Outcome run_queue_get(Context& context) {
    const Arguments& args = context.args;
    const Result<Framing, Trouble> framing = framing_of(args);
    if (!framing) return trouble(framing.error());
    const auto queue = open_queue(context);
    if (!queue) return trouble(queue.error());
    const Patience patience(args.timeout);
    for (int64_t left = args.count.value_or(1); args.follow || left > 0; --left) {
        yard_message message;
        const int result = yard_queue_lease(queue->get(), patience.left_ns(), 0, &message);
        if (result == -EPIPE && args.follow) break;
        if (result < 0) return trouble(channel_trouble(context, result));
        const Outcome passed = pass_on(context, queue->get(), *framing, message);
        if (!passed) return passed;
    }
    return ExitCode::done;
}

Outcome run_queue_peek(Context& context) {
    const auto queue = open_queue(context);
    if (!queue) return trouble(queue.error());
    std::string text;
    for (;;) {
        const ssize_t size = yard_queue_peek(queue->get(), text.data(), text.size());
        if (size == -EAGAIN) return trouble(ExitCode::failed, "the queue is empty");
        if (size < 0) return trouble(channel_trouble(context, size));
        const bool is_all = static_cast<size_t>(size) <= text.size();
        text.resize(static_cast<size_t>(size));
        if (is_all) break;
    }
    const yard_message message{0, text.data(), text.size(), 0, 0};
    context.out.write(message_text(context, message, Framing::whole));
    return ExitCode::done;
}

Outcome run_queue_size(Context& context) {
    const auto queue = open_queue(context);
    if (!queue) return trouble(queue.error());
    print_number(context, "size", yard_queue_size(queue->get()));
    return ExitCode::done;
}

Outcome run_queue_purge(Context& context) {
    const auto queue = open_queue(context);
    if (!queue) return trouble(queue.error());
    print_number(context, "purged", yard_queue_purge(queue->get()));
    return ExitCode::done;
}

Outcome run_queue_close(Context& context) {
    const auto queue = open_queue(context);
    if (!queue) return trouble(queue.error());
    yard_queue_shut(queue->get());
    if (context.args.no_wait) return ExitCode::done;
    const int result = yard_queue_drain(queue->get(), Patience(context.args.timeout).left_ns());
    if (result < 0) return trouble(channel_trouble(context, result));
    return ExitCode::done;
}

}  // namespace yard::ctl
