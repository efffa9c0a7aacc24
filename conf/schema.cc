#include "conf/schema.h"

#include <algorithm>

#include "conf/row.h"

namespace yard::conf {

template <typename T>
Table<T>::Table(std::string title, std::string prefix, std::vector<Section> sections,
                std::vector<Row<T>> rows)
    : title_(std::move(title)),
      prefix_(std::move(prefix)),
      sections_(std::move(sections)),
      rows_(std::move(rows)) {
    for (size_t i = 0; i < rows_.size(); ++i) by_path_[rows_[i].path] = i;
}

template <typename T>
const Row<T>* Table<T>::row(const std::string& path) const {
    const auto found = by_path_.find(path);
    return found == by_path_.end() ? nullptr : &rows_[found->second];
}

template <typename T>
const Section* Table<T>::section(const std::string& path) const {
    for (const Section& section : sections_) {
        if (section.path == path) return &section;
    }
    return nullptr;
}

template <typename T>
std::vector<std::string> Table<T>::keys_of(const std::string& path) const {
    const std::string start = path.empty() ? "" : path + ".";
    std::vector<std::string> keys;
    for (const Row<T>& row : rows_) {
        const bool inside =
            row.path.starts_with(start) && row.path.find('.', start.size()) == std::string::npos;
        if (inside) keys.push_back(row.path.substr(start.size()));
    }
    if (!path.empty()) return keys;
    for (const Section& section : sections_) keys.push_back(section.path);
    return keys;
}

template <typename T>
std::string Table<T>::path_ending_in(std::string_view key, std::string_view value) const {
    if (section(std::string(key)) != nullptr) return std::string(key);
    std::string first;
    for (const Row<T>& row : rows_) {
        if (std::string_view(row.path).substr(row.path.rfind('.') + 1) != key) continue;
        const auto& words = row.shape.words;
        if (std::find(words.begin(), words.end(), value) != words.end()) return row.path;
        if (first.empty()) first = row.path;
    }
    return first;
}

template class Table<FileHead>;
template class Table<ServiceConfig>;
template class Table<DaemonConfig>;
template class Table<ObjectConfig>;

namespace {

// A map that the loader takes apart itself.
Type<const Node*> map_node(std::string what) {
    const std::string expected = "a map of " + std::move(what);
    auto read = [expected](const Node& node, Reader& reader) -> std::optional<const Node*> {
        if (node.is_map() || node.is_null()) return &node;
        reader.expected(expected, node);
        return {};
    };
    return {{"map", expected, {}, {}}, std::move(read), [](const Node* const&) { return Value{}; }};
}

}  // namespace

const Table<FileHead>& file_table() {
    static const Table<FileHead> table(
        "the file", "", {},
        {
            row<FileHead>("version", words<int>({{"1", 1}}), "1", "Version of this format.",
                          YARD_FIELD(version)),
            row<FileHead>("include", list_of(path(), Lone::accepted), "",
                          "Files to read as well, relative to this one.", YARD_FIELD(include)),
            row<FileHead>(
                "defaults", map_node("the keys of a service"), "",
                "Keys that apply to every service that does not set them itself, also in included files.",
                YARD_FIELD(defaults)),
            row<FileHead>("services", map_node("services by name"), "", "The services, by name.",
                          YARD_FIELD(services)),
            row<FileHead>("daemon", map_node("the daemon's own settings"), "",
                          "Settings of the daemon itself.", YARD_FIELD(daemon)),
            row<FileHead>("access", map_node("who may use the control socket"), "",
                          "Who may use the control socket besides root and the daemon's user.",
                          YARD_FIELD(access)),
            row<FileHead>("ipc", map_node("channel objects by name"), "",
                          "Channel objects by name: each a queue, semaphore, lock, event, shm or pipe.",
                          YARD_FIELD(ipc)),
        });
    return table;
}

const Table<DaemonConfig>& daemon_table() {
    using Level = std::string;
    static const Table<DaemonConfig> table(
        "daemon", "daemon.", {},
        {
            row<DaemonConfig>("parallel_starts", integer<uint32_t>(1, 10'000), "64",
                              "How many services may be starting at the same time.",
                              YARD_FIELD(parallel_starts)),
            row<DaemonConfig>("exit_with", text(), "",
                              "End with this service, and with its exit code (for containers).",
                              YARD_FIELD(exit_with)),
            row<DaemonConfig>("log_level",
                              words<Level>({{"trace", "trace"},
                                            {"debug", "debug"},
                                            {"info", "info"},
                                            {"warning", "warning"},
                                            {"error", "error"}}),
                              "info", "The least important kind of message in the daemon's own log.",
                              YARD_FIELD(log_level)),
            row<DaemonConfig>("log_file", path(), "",
                              "File of the daemon's own log instead of standard error.",
                              YARD_FIELD(log_file)),
            row<DaemonConfig>("ipc_objects", integer<uint32_t>(0, 16'000), "1024",
                              "How many channel objects one user may have, declared ones aside.",
                              YARD_FIELD(ipc_objects)),
            row<DaemonConfig>("ipc_bytes", size(), "64GiB",
                              "How much memory the objects of one user may come to, declared ones aside.",
                              YARD_FIELD(ipc_bytes)),
        });
    return table;
}

std::string right_place_of(std::string_view key, std::string_view value, std::string_view title) {
    const auto in = [&](const auto& table) {
        const std::string path = table.path_ending_in(key, value);
        return path.empty() || table.title() == title ? path : table.prefix() + path;
    };
    if (title == object_table().title()) return in(object_table());
    // `user` there is a slip for `users`, and `groups` elsewhere has nothing to do with access.
    if (title == access_table().title()) return in(access_table());
    const bool role = access_table().section(std::string(key)) != nullptr;
    for (const std::string& place : {in(service_table()), in(daemon_table()), in(file_table()),
                                     role ? in(access_table()) : std::string()}) {
        if (!place.empty()) return place;
    }
    return {};
}

}  // namespace yard::conf
