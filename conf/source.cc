#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/unique_fd.h"
#include "conf/loader.h"
#include "conf/yaml_parser.h"

namespace yard::conf {
namespace {

Result<std::string> read_disk_file(const std::string& path) {
    // Without O_NONBLOCK a FIFO among the files would hold up the daemon.
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return fail(system_error("cannot read", path));
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return fail(system_error("cannot read", path));
    if (!S_ISREG(info.st_mode)) return fail("cannot read " + path + ": it is not a regular file");
    std::string content;
    // One byte more than is allowed is enough for the loader to refuse it.
    while (content.size() <= kMaxFileSize) {
        char part[1 << 16];
        const ssize_t got = ::read(fd.get(), part, sizeof part);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(system_error("cannot read", path));
        if (got == 0) break;
        content.append(part, static_cast<size_t>(got));
    }
    return content;
}

Result<std::string> list_disk_folder(const std::string& folder) {
    const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(folder.c_str()), ::closedir);
    if (!opened && (errno == ENOENT || errno == ENOTDIR)) return std::string();
    if (!opened) return fail(system_error("cannot read", folder));
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(opened.get())) {
        const std::string name = entry->d_name;
        if (name[0] != '.' && name.ends_with(".yaml")) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    std::string listing;
    for (const std::string& name : names) listing += folder + "/" + name + '\0';
    return listing;
}

Answer answer(Result<std::string> result) {
    if (result) return {true, *std::move(result)};
    return {false, result.error().message};
}

Result<std::string> as_result(const Answer& answer) {
    if (!answer.ok) return fail(answer.content);
    return answer.content;
}

Result<std::vector<std::string>> as_listing(const Answer& answer) {
    if (!answer.ok) return fail(answer.content);
    std::vector<std::string> paths;
    for (size_t at = 0, end = 0; (end = answer.content.find('\0', at)) != std::string::npos; at = end + 1) {
        paths.push_back(answer.content.substr(at, end - at));
    }
    return paths;
}

std::optional<std::string> as_variable(const Answer& answer) {
    return answer.ok ? std::optional(answer.content) : std::nullopt;
}

// The first answer, asked for by `ask` when there is none yet.
template <typename Ask>
const Answer& remembered(Answers& answers, Question question, Ask ask) {
    const auto found = answers.find(question);
    if (found != answers.end()) return found->second;
    Answer fresh = ask();
    return answers.emplace(std::move(question), std::move(fresh)).first->second;
}

constexpr std::string_view kMagic = "yard-bundle-1\n";

void put_text(std::string& out, const std::string& text) {
    out += std::to_string(text.size()) + ":" + text;
}

// Takes "<size>:<bytes>" off the front; nothing when there is none.
std::optional<std::string> take_text(std::string_view& in) {
    size_t size = 0, digits = 0;
    for (; digits < in.size() && digits < 10 && in[digits] >= '0' && in[digits] <= '9'; ++digits) {
        size = size * 10 + static_cast<size_t>(in[digits] - '0');
    }
    if (digits == 0 || digits >= in.size() || in[digits] != ':' || in.size() - digits - 1 < size) return {};
    std::string text(in.substr(digits + 1, size));
    in.remove_prefix(digits + 1 + size);
    return text;
}

const Answer& known(const Answers& answers, const Question& question) {
    static const Answer kUnknown{false, "it was not part of the configuration that was kept"};
    const auto found = answers.find(question);
    return found == answers.end() ? kUnknown : found->second;
}

}  // namespace

Result<std::string> DiskSource::read_file(const std::string& path) {
    return as_result(
        remembered(answers_, {Question::Kind::file, path}, [&] { return answer(read_disk_file(path)); }));
}

Result<std::vector<std::string>> DiskSource::list_yaml(const std::string& folder) {
    return as_listing(remembered(answers_, {Question::Kind::folder, folder},
                                 [&] { return answer(list_disk_folder(folder)); }));
}

std::optional<std::string> DiskSource::variable(const std::string& name) {
    return as_variable(remembered(answers_, {Question::Kind::variable, name}, [&] {
        const char* value = std::getenv(name.c_str());
        return value != nullptr ? Answer{true, value} : Answer{false, ""};
    }));
}

std::string DiskSource::bundle() const {
    std::string out(kMagic);
    for (const auto& [question, answer] : answers_) {
        out += static_cast<char>(question.kind);
        out += answer.ok ? '+' : '-';
        put_text(out, question.name);
        put_text(out, answer.content);
    }
    return out;
}

Result<BundleSource> BundleSource::parse(const std::string& bundle) {
    std::string_view rest = bundle;
    if (!rest.starts_with(kMagic)) return fail("this is no bundle of a configuration");
    rest.remove_prefix(kMagic.size());
    Answers answers;
    while (!rest.empty()) {
        const size_t at = bundle.size() - rest.size();
        const auto damaged = [&] { return fail("the bundle is damaged at byte " + std::to_string(at)); };
        const bool has_head = rest.size() >= 2 &&
                              std::string_view("fdv").find(rest[0]) != std::string_view::npos &&
                              (rest[1] == '+' || rest[1] == '-');
        if (!has_head) return damaged();
        const auto kind = static_cast<Question::Kind>(rest[0]);
        const bool ok = rest[1] == '+';
        rest.remove_prefix(2);
        auto name = take_text(rest);
        auto content = name ? take_text(rest) : std::nullopt;
        if (!content) return damaged();
        answers[{kind, *std::move(name)}] = {ok, *std::move(content)};
    }
    return BundleSource(std::move(answers));
}

Result<std::string> BundleSource::read_file(const std::string& path) {
    return as_result(known(answers_, {Question::Kind::file, path}));
}

Result<std::vector<std::string>> BundleSource::list_yaml(const std::string& folder) {
    return as_listing(known(answers_, {Question::Kind::folder, folder}));
}

std::optional<std::string> BundleSource::variable(const std::string& name) {
    return as_variable(known(answers_, {Question::Kind::variable, name}));
}

}  // namespace yard::conf
