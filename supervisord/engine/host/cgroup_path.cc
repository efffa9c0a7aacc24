#include "engine/host/cgroup_path.h"

#include <algorithm>
#include <cstdio>

namespace yard::engine {
namespace {

// Calls `visit(line)` for each line, without its newline.
template <typename Visit>
void for_each_line(std::string_view text, Visit visit) {
    while (!text.empty()) {
        const size_t end = text.find('\n');
        visit(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
}

std::vector<std::string_view> split_words(std::string_view line) {
    std::vector<std::string_view> words;
    for (size_t at = line.find_first_not_of(' '); at != std::string_view::npos;) {
        const size_t end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = line.find_first_not_of(' ', end);
    }
    return words;
}

bool is_octal(char c) {
    return c >= '0' && c <= '7';
}

// mountinfo writes space, tab, newline and backslash as \ooo.
std::string unescape_octal(std::string_view text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool escaped = text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) &&
                             is_octal(text[i + 2]) && is_octal(text[i + 3]);
        if (!escaped) {
            plain += text[i];
            continue;
        }
        plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
        i += 3;
    }
    return plain;
}

}  // namespace

std::vector<CgroupMount> parse_cgroup2_mounts(std::string_view mountinfo) {
    // 36 35 98:0 /root /mount/point rw,noatime shared:1 - cgroup2 cgroup2 rw: "-" ends the optional fields.
    constexpr size_t kRoot = 3, kMountPoint = 4, kFirstOptional = 6;
    std::vector<CgroupMount> mounts;
    for_each_line(mountinfo, [&](std::string_view line) {
        const std::vector<std::string_view> words = split_words(line);
        size_t separator = kFirstOptional;
        while (separator < words.size() && words[separator] != "-") ++separator;
        if (separator + 1 >= words.size() || words[separator + 1] != "cgroup2") return;
        mounts.push_back({unescape_octal(words[kMountPoint]), unescape_octal(words[kRoot])});
    });
    return mounts;
}

std::optional<std::string> parse_own_cgroup(std::string_view proc_cgroup) {
    constexpr std::string_view kUnified = "0::";
    constexpr std::string_view kDeleted = " (deleted)";
    std::optional<std::string> found;
    for_each_line(proc_cgroup, [&](std::string_view line) {
        if (!line.starts_with(kUnified)) return;
        line.remove_prefix(kUnified.size());
        if (line.ends_with(kDeleted)) line.remove_suffix(kDeleted.size());
        found = std::string(line);
    });
    return found;
}

std::optional<std::string> directory_in(const CgroupMount& mount, std::string_view cgroup) {
    // "/.." is how the kernel shows what lies outside of this process's cgroup namespace.
    if (!is_within(cgroup, mount.root) || is_within(cgroup, "/..")) return std::nullopt;
    if (mount.root != "/") cgroup.remove_prefix(mount.root.size());
    if (cgroup == "/") cgroup = "";
    return (mount.mount_point == "/" ? "" : mount.mount_point) + std::string(cgroup);
}

std::string cgroup_name(std::string_view service) {
    std::string name;
    if (service.starts_with('_') || service.find('.') != std::string_view::npos) name = "_";
    for (const char c : service) {
        // '/' and '\n' cannot be in a directory's name, so '%' must not stand for itself either.
        if (c != '/' && c != '\n' && c != '%') {
            name += c;
            continue;
        }
        char hex[4];
        std::snprintf(hex, sizeof hex, "%%%02x", static_cast<unsigned char>(c));
        name += hex;
    }
    return name;
}

bool is_within(std::string_view cgroup, std::string_view ancestor) {
    if (ancestor == "/") return cgroup.starts_with('/');
    if (!cgroup.starts_with(ancestor)) return false;
    return cgroup.size() == ancestor.size() || cgroup[ancestor.size()] == '/';
}

}  // namespace yard::engine
