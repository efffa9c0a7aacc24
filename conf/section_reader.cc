#include "conf/section_reader.h"

#include <algorithm>

namespace yard::conf {
namespace {

template <typename T>
struct Match {
    const Row<T>* row;
    Mark key_mark;
    const Node* value;
};

template <typename T>
class SectionReader {
  public:
    SectionReader(const Table<T>& table, Draft<T>& draft, Reader& reader)
        : table_(table), draft_(draft), reader_(reader) {}

    void read(const Node& map) {
        collect(map, "");
        // In the order of the table, so that a row may count on those before it.
        std::stable_sort(matches_.begin(), matches_.end(),
                         [](const auto& a, const auto& b) { return a.row < b.row; });
        refuse_rivals();
        for (const Match<T>& match : matches_) apply(match);
    }

  private:
    void collect(const Node& map, const std::string& section) {
        if (map.is_null()) return;
        for (const Node::Entry& entry : map.entries()) {
            const std::string path = section.empty() ? entry.key : section + "." + entry.key;
            if (const Row<T>* row = table_.row(path)) {
                matches_.push_back({row, entry.key_mark, entry.value});
            } else if (const Section* inner = section.empty() ? table_.section(path) : nullptr) {
                collect_section(*inner, entry);
            } else {
                unknown(entry, section);
            }
        }
    }

    void collect_section(const Section& section, const Node::Entry& entry) {
        const Node& value = *entry.value;
        if (value.is_map() || value.is_null()) {
            collect(value, section.path);
        } else if (value.is_scalar() && !section.shorthand.empty()) {
            matches_.push_back({table_.row(section.shorthand), entry.key_mark, &value});
        } else {
            reader_.begin(section.path);
            const auto keys = table_.keys_of(section.path);
            reader_.expected("a map with " + either(keys), value);
        }
    }

    void unknown(const Node::Entry& entry, const std::string& section) {
        draft_.misspelt = true;
        // Not worth composing when nobody will read it.
        if (reader_.report().full()) return;
        const auto keys = table_.keys_of(section);
        const std::string where = section.empty() ? table_.title() : section;
        const std::string value = entry.value->is_scalar() ? entry.value->text() : "";
        const std::string elsewhere = right_place_of(entry.key, value, table_.title());
        std::string proposal = did_you_mean(entry.key, keys);
        if (!elsewhere.empty()) proposal = "did you mean \"" + elsewhere + "\"?";
        if (elsewhere == entry.key) proposal = "it belongs to " + table_.title() + " itself";
        if (proposal.empty()) proposal = "expected " + either(keys);
        reader_.report().error(
            entry.key_mark, with_proposal("unknown key " + in_quotes(entry.key) + " in " + where, proposal));
    }

    void refuse_rivals() {
        for (auto one = matches_.begin(); one != matches_.end(); ++one) {
            if (one->row->choice.empty()) continue;
            const auto rival = std::find_if(matches_.begin(), one,
                                            [&](const auto& m) { return m.row->choice == one->row->choice; });
            if (rival == one) continue;
            const auto& [first, second] = std::minmax(
                *rival, *one, [](const auto& a, const auto& b) { return a.key_mark < b.key_mark; });
            reader_.report().error(second.key_mark, "both " + first.row->path + " and " + second.row->path +
                                                        " are given; keep one of them");
        }
    }

    void apply(const Match<T>& match) {
        reader_.begin(match.row->path);
        match.row->read(*match.value, draft_.config, reader_);
        std::erase_if(draft_.given, [&](const auto& given) { return given.row == match.row; });
        for (const Mark mark : reader_.items()) draft_.given.push_back({match.row, mark, false});
        if (reader_.items().empty()) draft_.given.push_back({match.row, match.value->mark(), false});
        if (reader_.traces()) trace(match);
    }

    void trace(const Match<T>& match) {
        const std::string& shown = match.row->shown_as.empty() ? match.row->path : match.row->shown_as;
        draft_.traces[shown] = {match.key_mark, false};
        for (const auto& [name, mark] : reader_.members()) draft_.traces[shown + "." + name] = {mark, false};
    }

    const Table<T>& table_;
    Draft<T>& draft_;
    Reader& reader_;
    std::vector<Match<T>> matches_;
};

}  // namespace

template <typename T>
Mark Draft<T>::where(std::string_view path) const {
    for (const Given& one : given) {
        if (one.row->path == path) return one.mark;
    }
    return mark;
}

template <typename T>
std::vector<Mark> Draft<T>::items(std::string_view path, size_t count) const {
    std::vector<Mark> marks;
    for (const Given& one : given) {
        if (one.row->path == path) marks.push_back(one.mark);
    }
    // A list of its own that could not be read leaves the one of `defaults` in force, without places.
    marks.resize(count, marks.empty() ? mark : marks.back());
    return marks;
}

template <typename T>
bool Draft<T>::has(std::string_view path_start) const {
    return std::any_of(given.begin(), given.end(),
                       [&](const Given& one) { return one.row->path.starts_with(path_start); });
}

template <typename T>
bool Draft<T>::has_own(std::string_view path_start) const {
    return std::any_of(given.begin(), given.end(), [&](const Given& one) {
        return !one.inherited && one.row->path.starts_with(path_start);
    });
}

template <typename T>
void read_section(const Node& map, const Table<T>& table, Draft<T>& draft, Reader& reader) {
    SectionReader<T>(table, draft, reader).read(map);
}

template struct Draft<FileHead>;
template struct Draft<ServiceConfig>;
template struct Draft<DaemonConfig>;
template struct Draft<ObjectConfig>;
template void read_section(const Node&, const Table<FileHead>&, Draft<FileHead>&, Reader&);
template void read_section(const Node&, const Table<ServiceConfig>&, Draft<ServiceConfig>&, Reader&);
template void read_section(const Node&, const Table<DaemonConfig>&, Draft<DaemonConfig>&, Reader&);
template void read_section(const Node&, const Table<ObjectConfig>&, Draft<ObjectConfig>&, Reader&);

}  // namespace yard::conf
