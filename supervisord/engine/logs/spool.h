// The spool of one service: a memfd between its FIFO and its log. splice(2) takes bytes from the FIFO and
// appends them here in one system call, so no kill can come between the two; the descriptor's file offset,
// shared with the keeper, says how much there is.
//
//      0        parsed              end (= file offset)
//      |  done  |  unparsed ....... |
//
// Space is used again from the front instead of growing for ever: rewind() copies the unparsed rest to offset
// 0, sets the file offset behind it, then records parsed = 0. A rest is only moved where it does not touch
// itself, so "file offset < recorded parsed" is found exactly when a kill came between the last two steps,
// and means parsed = 0.
//
// Thread safety: none; used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/log_router.h"

namespace yard::engine::logs {

class Spool {
  public:
    static constexpr size_t kCapacity = 1 << 20;  // unparsed bytes that it takes

    // A new and empty one; `name` is shown in /proc.
    static Result<std::unique_ptr<Spool>> create(const std::string& name);
    // Takes over what an earlier engine left; `recorded_parsed` is the position that it recorded.
    static Result<std::unique_ptr<Spool>> adopt(UniqueFd fd, uint64_t recorded_parsed);
    ~Spool();
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    int fd() const { return fd_.get(); }
    uint64_t parsed() const { return parsed_; }
    // Valid until the next call that is not const.
    std::string_view unparsed() const { return {memory_ + parsed_, static_cast<size_t>(end_ - parsed_)}; }
    size_t room() const;
    bool full() const { return room() == 0; }

    // Moves up to `limit` bytes from the FIFO, no more than there is room for. 0: the FIFO is empty.
    Result<size_t> take_from(int fifo, size_t limit);
    // Appends text of our own, whether there is room or not (a marker of a few dozen bytes).
    Status append(std::string_view text);
    // Puts `text` over the end of the first `size` unparsed bytes. REQUIRES: text is not longer than that.
    Status overwrite_end_of(size_t size, std::string_view text);

    // `size` more bytes are dealt with. The caller records parsed() and may rewind after that.
    void advance(size_t size) { parsed_ += size; }
    // Moves the rest to the front where that is worth it. REQUIRES: `cell` holds parsed().
    void rewind_if_worthwhile(LogPositionCell& cell);
    // Gives the memory of everything parsed back. REQUIRES: as above.
    void release(LogPositionCell& cell);

  private:
    Spool(UniqueFd fd, const char* memory, uint64_t parsed, uint64_t end)
        : fd_(std::move(fd)), memory_(memory), parsed_(parsed), end_(end) {}
    bool rewind(LogPositionCell& cell);

    UniqueFd fd_;
    const char* memory_;  // the file, mapped for reading
    uint64_t parsed_;
    uint64_t end_;
};

}  // namespace yard::engine::logs
