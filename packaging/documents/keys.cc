#include "packaging/documents/keys.h"

namespace yard::documents {
namespace {

template <typename T>
Chapter chapter(const conf::Table<T>& table, std::string where, std::string doc, bool with_effect) {
    Chapter made{std::move(where), std::move(doc), {}, table.sections()};
    for (const conf::Row<T>& row : table.rows()) {
        made.keys.push_back({row.path, row.shape, row.fallback, row.doc, row.example,
                             with_effect ? std::optional(row.effect) : std::nullopt});
    }
    return made;
}

std::string doc_of(const std::string& key) {
    return conf::file_table().row(key)->doc;
}

}  // namespace

std::vector<Chapter> chapters() {
    return {
        chapter(conf::file_table(), "", "The keys of a file.", false),
        chapter(conf::service_table(), "services.NAME", doc_of("services"), true),
        chapter(conf::daemon_table(), "daemon", doc_of("daemon"), false),
        chapter(conf::access_table(), "access", doc_of("access"), false),
        chapter(conf::object_table(), "ipc.NAME", doc_of("ipc"), false),
    };
}

}  // namespace yard::documents
