#include "engine/logs/compression.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <memory>
#include <vector>

namespace yard::engine::logs {
namespace {

constexpr size_t kChunk = 128 << 10;

Result<size_t> read_some(int fd, void* buffer, size_t size) {
    const ssize_t got = read(fd, buffer, size);
    if (got < 0) return fail(system_error("read", "log"));
    return static_cast<size_t>(got);
}

Status write_all(int fd, const void* data, size_t size) {
    const char* at = static_cast<const char*>(data);
    while (size > 0) {
        const ssize_t written = write(fd, at, size);
        if (written < 0) return fail(system_error("write", "log"));
        at += written;
        size -= static_cast<size_t>(written);
    }
    return Ok();
}

// A gzip stream on a copy of `fd`.
struct GzipCloser {
    void operator()(gzFile file) const { gzclose(file); }
};
using GzipStream = std::unique_ptr<gzFile_s, GzipCloser>;

GzipStream open_gzip(int fd, const char* mode) {
    UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    gzFile stream = copy ? gzdopen(copy.get(), mode) : nullptr;
    if (stream != nullptr) static_cast<void>(copy.release());
    return GzipStream(stream);
}

Status gzip(int from, int to) {
    GzipStream stream = open_gzip(to, "wb6");
    if (!stream) return fail("gzip: out of memory or descriptors");
    std::vector<char> buffer(kChunk);
    while (true) {
        const auto got = read_some(from, buffer.data(), buffer.size());
        if (!got) return fail(got.error());
        if (*got == 0) break;
        if (gzwrite(stream.get(), buffer.data(), static_cast<unsigned>(*got)) == 0)
            return fail(system_error("write", "gzip"));
    }
    if (gzclose(stream.release()) != Z_OK) return fail(system_error("write", "gzip"));
    return Ok();
}

Status gunzip(int from, int to) {
    GzipStream stream = open_gzip(from, "rb");
    if (!stream) return fail("gzip: out of memory or descriptors");
    std::vector<char> buffer(kChunk);
    while (true) {
        const int got = gzread(stream.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
        if (got < 0) return fail("gzip: damaged file");
        if (got == 0) break;
        if (Status written = write_all(to, buffer.data(), static_cast<size_t>(got)); !written) return written;
    }
    // A file that is cut short shows only here.
    return gzclose(stream.release()) == Z_OK ? Ok() : Status(fail("gzip: file is cut short"));
}

Status zstd(int from, int to) {
    const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
    if (!context) return fail("zstd: out of memory");
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
    std::vector<char> in(kChunk), out(ZSTD_CStreamOutSize());
    bool last = false;
    while (!last) {
        const auto got = read_some(from, in.data(), in.size());
        if (!got) return fail(got.error());
        last = *got == 0;
        ZSTD_inBuffer input{in.data(), *got, 0};
        size_t remaining = 1;
        while (last ? remaining != 0 : input.pos < input.size) {
            ZSTD_outBuffer output{out.data(), out.size(), 0};
            remaining =
                ZSTD_compressStream2(context.get(), &output, &input, last ? ZSTD_e_end : ZSTD_e_continue);
            if (ZSTD_isError(remaining)) return fail(std::string("zstd: ") + ZSTD_getErrorName(remaining));
            if (Status written = write_all(to, out.data(), output.pos); !written) return written;
        }
    }
    return Ok();
}

Status unzstd(int from, int to) {
    const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
    if (!context) return fail("zstd: out of memory");
    std::vector<char> in(kChunk), out(ZSTD_DStreamOutSize());
    size_t needed = 0;
    while (true) {
        const auto got = read_some(from, in.data(), in.size());
        if (!got) return fail(got.error());
        if (*got == 0) break;
        ZSTD_inBuffer input{in.data(), *got, 0};
        bool more_output = false;
        while (input.pos < input.size || more_output) {
            ZSTD_outBuffer output{out.data(), out.size(), 0};
            needed = ZSTD_decompressStream(context.get(), &output, &input);
            if (ZSTD_isError(needed)) return fail(std::string("zstd: ") + ZSTD_getErrorName(needed));
            if (Status written = write_all(to, out.data(), output.pos); !written) return written;
            more_output = output.pos == output.size;
        }
    }
    return needed == 0 ? Ok() : Status(fail("zstd: file is cut short"));
}

// Queries look at the time of the last change to skip files.
Status finish_copy(int source, int copy) {
    struct stat info {};
    if (fstat(source, &info) != 0) return fail(system_error("fstat", "log"));
    const timespec times[] = {info.st_atim, info.st_mtim};
    if (futimens(copy, times) != 0) return fail(system_error("futimens", "log"));
    if (fdatasync(copy) != 0) return fail(system_error("fdatasync", "log"));  // the original goes after this
    return Ok();
}

}  // namespace

Status compress_file(int from, int to, Compression compression) {
    return compression == Compression::zstd ? zstd(from, to) : gzip(from, to);
}

Status decompress_file(int from, int to, Compression compression) {
    return compression == Compression::zstd ? unzstd(from, to) : gunzip(from, to);
}

Status compress_rotated(LogChain& chain) {
    while (const auto job = chain.take_compression_job()) {
        const UniqueFd scrap(open(job->scrap_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
        Status done = scrap ? compress_file(job->source.get(), scrap.get(), job->compression)
                            : Status(fail(system_error("open", job->scrap_path)));
        if (done) done = finish_copy(job->source.get(), scrap.get());
        Status placed = chain.finish_compression_job(*job, done.ok());
        if (!done) return done;
        if (!placed) return placed;
    }
    return Ok();
}

}  // namespace yard::engine::logs
