// ctl sem and ctl event, but for `sem run`
#include "ctl/channel.h"

namespace yard::ctl {
namespace {

using varlink::Json;

// Calls one function of yard.h on the object that the command names: what it gave.
template <typename T, typename Call>
Result<int, Trouble> with_channel(Context& context, int (*open)(yard_client*, const char*, T**), Call call) {
    const auto channel = open_channel<T>(context, open);
    if (!channel) return trouble(channel.error());
    const int result = call(channel->get());
    if (result < 0) return trouble(channel_trouble(context, result));
    return result;
}

Outcome done_or(const Result<int, Trouble>& result) {
    if (!result) return trouble(result.error());
    return ExitCode::done;
}

}  // namespace

Outcome run_sem_acquire(Context& context) {
    return done_or(with_channel(context, yard_semaphore_open, [&](yard_semaphore* semaphore) {
        return yard_semaphore_acquire_as(semaphore, YARD_PERMIT_TOKEN,
                                         Patience(context.args.timeout).left_ns());
    }));
}

Outcome run_sem_release(Context& context) {
    return done_or(with_channel(context, yard_semaphore_open, [&](yard_semaphore* semaphore) {
        int result = 0;
        for (int64_t left = context.args.count.value_or(1); left > 0 && result >= 0; --left)
            result = yard_semaphore_release(semaphore);
        return result;
    }));
}

Outcome run_sem_value(Context& context) {
    const Result<int, Trouble> value = with_channel(context, yard_semaphore_open, yard_semaphore_value);
    if (!value) return trouble(value.error());
    context.out.line(context.args.json ? Json(Json::Object{{"value", *value}}).dump()
                                       : std::to_string(*value));
    return ExitCode::done;
}

Outcome run_event_set(Context& context) {
    return done_or(with_channel(context, yard_event_open, yard_event_set));
}

Outcome run_event_clear(Context& context) {
    return done_or(with_channel(context, yard_event_open, yard_event_clear));
}

Outcome run_event_wait(Context& context) {
    return done_or(with_channel(context, yard_event_open, [&](yard_event* event) {
        return yard_event_wait(event, Patience(context.args.timeout).left_ns());
    }));
}

Outcome run_event_state(Context& context) {
    const Result<int, Trouble> is_set = with_channel(context, yard_event_open, yard_event_is_set);
    if (!is_set) return trouble(is_set.error());
    context.out.line(context.args.json ? Json(Json::Object{{"set", *is_set != 0}}).dump()
                                       : std::string(*is_set != 0 ? "set" : "clear"));
    return ExitCode::done;
}

}  // namespace yard::ctl
