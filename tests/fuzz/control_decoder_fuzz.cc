// The decoder of the control socket under arbitrary bytes: however a stream is cut into pieces, it gives the
// same messages and the same verdict, and each message that is JSON survives a round trip.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "ipc/varlink/decoder.h"
#include "ipc/varlink/json.h"

namespace {

using yard::varlink::Decoder;
using yard::varlink::Json;

struct Outcome {
    std::vector<std::string> messages;
    std::string problem;
    bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string_view bytes, size_t piece) {
    Decoder decoder;
    Outcome outcome;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
        decoder.feed(bytes.substr(0, piece));
        for (;;) {
            yard::Result<std::optional<Decoder::Message>> message = decoder.next();
            if (!message.ok()) {
                outcome.problem = message.error().message;
                return outcome;
            }
            if (!message->has_value()) break;
            outcome.messages.push_back((*message)->text + (*message)->terminator);
        }
    }
    return outcome;
}

void check_round_trip(const std::string& message) {
    const yard::Result<Json> json = Json::parse(std::string_view(message).substr(0, message.size() - 1));
    if (!json.ok()) return;
    const std::string text = json->dump();
    const yard::Result<Json> again = Json::parse(text);
    if (!again.ok() || again->dump() != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Outcome whole = decode(bytes, std::max<size_t>(1, bytes.size()));
    if (decode(bytes, 1 + data[0] % 16) != whole) std::abort();
    for (const std::string& message : whole.messages) check_round_trip(message);
    return 0;
}
