#include "engine/ready/output_tail.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "engine/notify/printable_text.h"
#include "engine/output_fifo.h"

namespace yard::engine {

Result<std::unique_ptr<OutputTail>> OutputTail::open(uv_loop_s* loop, const std::string& path, uid_t owner) {
    Result<UniqueFd> fifo = open_output_fifo(path, owner);
    if (!fifo) return fail(std::move(fifo).error());
    std::unique_ptr<OutputTail> tail(new OutputTail(std::move(*fifo)));
    auto watch = FdWatch::create(loop, tail->fifo_.get(), FdWatch::reading,
                                 [raw = tail.get()](unsigned) { raw->read_all(); });
    if (!watch) return fail(std::move(watch).error().context(path));
    tail->watch_ = std::move(*watch);
    tail->read_all();
    tail->tail_.clear();
    return tail;
}

// As much as a pipe holds: a command that writes without end leaves the loop its turns.
void OutputTail::read_all() {
    char bytes[4096];
    for (int i = 0; i < 16; ++i) {
        const ssize_t size = read(fifo_.get(), bytes, sizeof bytes);
        if (size <= 0) return;
        tail_.append(bytes, static_cast<size_t>(size));
        if (tail_.size() > kKept) tail_.erase(0, tail_.size() - kKept);
    }
}

std::string OutputTail::last_line() {
    read_all();
    const size_t end = tail_.find_last_not_of("\r\n\t ");
    if (end == std::string::npos) return "";
    const size_t newline = tail_.rfind('\n', end);
    const size_t begin = newline == std::string::npos ? 0 : newline + 1;
    return printable_text(std::string_view(tail_).substr(begin, end + 1 - begin));
}

}  // namespace yard::engine
