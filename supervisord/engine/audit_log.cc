#include "engine/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "ipc/varlink/json.h"

namespace yard::engine {
namespace {

using control::AuditEntry;
using varlink::Json;
using varlink::JsonWriter;

// As it is, or the beginning of it as a string.
void write(JsonWriter& json, const char* key, const std::string& text) {
    const bool is_short = text.size() <= AuditLog::kMaxObjectBytes;
    const Result<Json> whole = is_short ? Json::parse(text) : fail("too long");
    if (whole) {
        json.member(key, *whole);
    } else {
        json.member(key, text.substr(0, AuditLog::kMaxObjectBytes) + " ...");
    }
}

std::string line_of(const AuditEntry& entry, WallTime now) {
    const control::Credentials& caller = entry.caller;
    JsonWriter json;
    json.begin_object().member("time", format_rfc3339(now));
    json.member("uid", caller.uid).member("gid", caller.gid).member("user", caller.user);
    json.member("pid", caller.pid).member("process", entry.process).member("method", entry.method);
    write(json, "parameters", entry.parameters);
    json.member("result", entry.result);
    if (!entry.details.empty()) write(json, "details", entry.details);
    return json.end_object().take() + "\n";
}

// Of `count` lines that are not there.
std::string gap_line(const char* what, uint64_t count, WallTime now) {
    JsonWriter json;
    json.begin_object().member("time", format_rfc3339(now)).member(what, count).end_object();
    return json.take() + "\n";
}

}  // namespace

AuditLog::AuditLog(std::string path, const Clock& clock, std::function<void(const std::string&)> on_problem,
                   uint64_t max_bytes)
    : path_(std::move(path)), clock_(clock), on_problem_(std::move(on_problem)), max_bytes_(max_bytes) {}

void AuditLog::record(const AuditEntry& entry) {
    if (entry.result == control::kNotPermitted && !has_room_for_refusal()) {
        ++refusals_left_out_;
        return;
    }
    const WallTime now = clock_.wall_now();
    const std::string line = line_of(entry, now);
    Status written = Ok();
    for (auto [what, count] : {std::pair{"lost", &lost_}, {"refusals_left_out", &refusals_left_out_}}) {
        if (written && *count > 0) written = append(gap_line(what, *count, now));
        if (written) *count = 0;
    }
    if (written) written = append(line);
    if (written) return;
    if (lost_++ == 0) on_problem_("the audit log loses lines: " + written.error().message);
}

bool AuditLog::has_room_for_refusal() {
    const BootTime now = clock_.now();
    if (!minute_ || now - *minute_ >= std::chrono::minutes(1)) {
        minute_ = now;
        refusals_ = 0;
    }
    return refusals_++ < kRefusalsAMinute;
}

// All of `line`, or nothing.
Status AuditLog::append(const std::string& line) {
    if (file_ && size_ > 0 && size_ + line.size() > max_bytes_) rotate();
    if (!file_) {
        if (Status opened = open(); !opened) return opened;
    }
    const ssize_t written = ::write(file_.get(), line.data(), line.size());
    if (written == static_cast<ssize_t>(line.size())) {
        size_ += line.size();
        return Ok();
    }
    const int error = written < 0 ? errno : ENOSPC;
    // A line that cannot be taken back is at least ended by open().
    if (written > 0 && ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) file_.reset();
    return fail(system_error("write", path_, error));
}

Status AuditLog::open() {
    const auto open_it = [this] {
        return UniqueFd(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    };
    UniqueFd file = open_it();
    if (!file && errno == ENOENT) {
        std::error_code ignored;  // the second attempt tells what is wrong
        std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
        file = open_it();
    }
    struct stat info {};
    if (!file || fstat(file.get(), &info) != 0) return fail(system_error("open", path_));
    if (!S_ISREG(info.st_mode)) return fail(path_ + " is no regular file");  // a pipe would block us
    size_ = static_cast<uint64_t>(info.st_size);
    file_ = std::move(file);
    // An engine that was killed may have left half a line.
    char last = '\n';
    const bool read_it = size_ > 0 && pread(file_.get(), &last, 1, info.st_size - 1) == 1;
    if (read_it && last != '\n' && ::write(file_.get(), "\n", 1) == 1) ++size_;
    return Ok();
}

// Where it fails, lines go on into the old file.
void AuditLog::rotate() {
    for (int k = kRotatedFiles; k > 0; --k) {
        const std::string from = k == 1 ? path_ : path_ + "." + std::to_string(k - 1);
        if (std::rename(from.c_str(), (path_ + "." + std::to_string(k)).c_str()) != 0 && errno != ENOENT)
            return;
    }
    file_.reset();
}

}  // namespace yard::engine
