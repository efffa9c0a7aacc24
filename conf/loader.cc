#include "conf/loader.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <unordered_map>

#include "conf/checks.h"
#include "conf/object_types.h"
#include "conf/section_reader.h"
#include "conf/service_types.h"
#include "conf/variables.h"
#include "conf/yaml_parser.h"

namespace yard::conf {
namespace {

using ServiceDraft = Draft<ServiceConfig>;
using ObjectDraft = Draft<ObjectConfig>;

// "conf/" of "conf/yard.yaml", "" of "yard.yaml".
std::string folder_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

class Loader {
  public:
    Loader(Source& source, Origins* origins) : source_(source), origins_(origins) {}

    Loaded load(const std::string& path) {
        const Mark whole{report_.number_of(path), 0, 0};
        const ServiceDraft defaults = read_file(path, whole, {}, 0);
        read_drop_ins(folder_of(path) + "yard.d", whole, defaults);
        if (complete_) {
            check_services(services_, daemon_, report_);
            check_objects(objects_, services_, report_);
        }
        Loaded loaded;
        loaded.diagnostics = report_.diagnostics();
        if (!loaded.diagnostics.empty()) return loaded;
        if (origins_ != nullptr) {
            for (const ServiceDraft& service : services_)
                origins_->emplace(service.config.name, origins_of(service));
        }
        loaded.config.daemon = std::move(daemon_.config);
        loaded.config.services.reserve(services_.size());
        for (ServiceDraft& service : services_) loaded.config.services.push_back(std::move(service.config));
        for (ObjectDraft& object : objects_) loaded.config.objects.push_back(std::move(object.config));
        return loaded;
    }

  private:
    // How far includes may include. Each file is read once, so this only keeps the stack small.
    static constexpr int kMaxIncludeDepth = 16;

    // Reads a file and what it includes; `named_at` is where it is asked for. `defaults` apply to its
    // services; the answer is the defaults that it leaves behind, its own on top.
    ServiceDraft read_file(const std::string& path, Mark named_at, const ServiceDraft& defaults, int depth) {
        const std::string normal = std::filesystem::path(path).lexically_normal().string();
        const auto [first, fresh] = read_at_.emplace(normal, named_at);
        if (!fresh) {
            refuse_repeated(path, named_at, first->second);
            return defaults;
        }
        auto text = source_.read_file(path);
        if (!text) {
            report_.error(named_at, text.error().message);
            complete_ = false;
            return defaults;
        }
        const uint32_t file = report_.number_of(path);
        Draft<FileHead> head;
        head.mark = {file, 1, 1};
        const ServiceDraft own_defaults = read_content(*std::move(text), path, head, defaults, depth);
        const std::vector<Mark> marks = head.items("include", head.config.include.size());
        for (size_t i = 0; i < marks.size(); ++i) {
            if (!head.config.include[i].empty())
                include(head.config.include[i], marks[i], own_defaults, depth);
        }
        return own_defaults;
    }

    void include(const std::string& path, Mark mark, const ServiceDraft& defaults, int depth) {
        if (depth >= kMaxIncludeDepth) {
            report_.error(mark, "include: files include each other too deeply; expected at most " +
                                    std::to_string(kMaxIncludeDepth) + " levels");
            return;
        }
        read_file(path, mark, defaults, depth + 1);
    }

    void refuse_repeated(const std::string& path, Mark mark, Mark first) {
        const std::string where =
            first.line == 0 ? "it is read without being included" : "it is named at " + report_.place(first);
        report_.error(mark, "include: " + in_quotes(path) + " is read already; " + where);
    }

    // The tree lives no longer than this call.
    ServiceDraft read_content(std::string text, const std::string& path, Draft<FileHead>& head,
                              const ServiceDraft& defaults, int depth) {
        auto tree = parse_yaml(std::move(text), head.mark.file, report_);
        if (!tree) complete_ = false;
        if (!tree || tree->root == nullptr || tree->root->is_null()) {
            if (tree && depth == 0 && head.mark.file == 0)
                report_.error(head.mark, "the file is empty; expected services: {NAME: {command: [...]}}");
            return defaults;
        }
        if (!tree->root->is_map()) {
            report_.error(tree->root->mark(), "expected a map with " + either(file_table().keys_of("")));
            return defaults;
        }
        replace_variables(*tree, source_, report_);
        Reader reader(report_, source_, folder_of(path), origins_ != nullptr);
        read_section(*tree->root, file_table(), head, reader);
        ServiceDraft own_defaults = defaults;
        if (head.config.defaults != nullptr)
            read_section(*head.config.defaults, service_table(), own_defaults, reader);
        for (auto& given : own_defaults.given) given.inherited = true;
        for (auto& [key, trace] : own_defaults.traces) trace.inherited = true;
        if (head.config.daemon != nullptr) read_daemon(*head.config.daemon, head.where("daemon"), reader);
        if (head.config.access != nullptr) read_access(*head.config.access, head.where("access"), reader);
        if (head.config.services != nullptr && head.config.services->is_map())
            read_services(head.config.services->entries(), own_defaults, reader);
        if (head.config.ipc != nullptr && head.config.ipc->is_map())
            read_objects(head.config.ipc->entries(), reader);
        return own_defaults;
    }

    void read_daemon(const Node& node, Mark mark, Reader& reader) {
        if (daemon_given_) {
            report_.error(
                mark, "daemon: is given already at " + report_.place(daemon_.mark) + "; keep one of them");
            return;
        }
        daemon_given_ = true;
        daemon_.mark = mark;
        read_section(node, daemon_table(), daemon_, reader);
    }

    void read_access(const Node& node, Mark mark, Reader& reader) {
        if (access_at_) {
            report_.error(mark,
                          "access: is given already at " + report_.place(*access_at_) + "; keep one of them");
            return;
        }
        access_at_ = mark;
        read_section(node, access_table(), daemon_, reader);
    }

    void read_services(const Node::Entries& entries, const ServiceDraft& defaults, Reader& reader) {
        for (const auto& [name, mark, value] : entries) {
            if (const std::string fault = service_name_fault(name); !fault.empty()) {
                report_.error(mark, in_quotes(name) + " cannot be the name of a service: " + fault);
            }
            if (!value->is_map() && !value->is_null()) {
                reader.begin(in_quotes(name));
                reader.expected("a map such as {command: [program, arguments]}", *value);
                continue;
            }
            if (!is_first("service", name, mark, defined_at_)) continue;
            ServiceDraft& service = services_.emplace_back(defaults);
            service.config.name = name;
            service.mark = mark;
            read_section(*value, service_table(), service, reader);
            check_service(service, report_);
        }
    }

    using Places = std::unordered_map<std::string, Mark>;
    bool is_first(const char* what, const std::string& name, Mark mark, Places& places) {
        const auto [first, fresh] = places.emplace(name, mark);
        if (fresh) return true;
        report_.error(mark, std::string("the ") + what + " " + in_quotes(name) + " is defined already at " +
                                report_.place(first->second) + "; keep one of them");
        return false;
    }

    void read_objects(const Node::Entries& entries, Reader& reader) {
        for (const auto& [name, mark, value] : entries) {
            if (const std::string fault = object_name_fault(name); !fault.empty())
                report_.error(mark, in_quotes(name) + " cannot be the name of an object: " + fault);
            const std::optional<ObjectConfig::Kind> kind = read_kind(name, *value, reader);
            if (!kind || !is_first("object", name, mark, declared_at_)) continue;
            ObjectDraft& object = objects_.emplace_back();
            object.config.name = name;
            object.config.kind = *kind;
            object.mark = mark;
            read_section(*value, object_table(), object, reader);
            check_object(object, report_);
        }
    }

    // Of its keys exactly one is a kind.
    std::optional<ObjectConfig::Kind> read_kind(const std::string& name, const Node& value, Reader& reader) {
        const auto& kinds = object_kinds();
        reader.begin(in_quotes(name));
        const std::string expected = "a map with " + either(kinds) + ", such as {queue: {}}";
        if (!value.is_map()) {
            reader.expected(expected, value);
            return {};
        }
        const Node::Entry* found = nullptr;
        for (const Node::Entry& entry : value.entries()) {
            if (std::find(kinds.begin(), kinds.end(), entry.key) == kinds.end()) continue;
            if (found != nullptr) {
                reader.error(entry.key_mark, "both " + found->key + " and " + entry.key +
                                                 " are given; an object has one kind");
                return {};
            }
            found = &entry;
        }
        if (found == nullptr) {
            const auto& entries = value.entries();
            const std::string proposal = entries.empty() ? "" : did_you_mean(entries.front().key, kinds);
            reader.error(entries.empty() ? value.mark() : entries.front().key_mark,
                         with_proposal("its kind is missing; expected " + expected, proposal));
            return {};
        }
        return static_cast<ObjectConfig::Kind>(std::find(kinds.begin(), kinds.end(), found->key) -
                                               kinds.begin());
    }

    void read_drop_ins(const std::string& folder, Mark named_at, const ServiceDraft& defaults) {
        const auto paths = source_.list_yaml(folder);
        if (!paths) {
            report_.error(named_at, paths.error().message);
            complete_ = false;
            return;
        }
        for (const std::string& path : *paths) read_file(path, {report_.number_of(path), 0, 0}, defaults, 0);
    }

    KeyOrigins origins_of(const ServiceDraft& service) const {
        KeyOrigins origins;
        for (const auto& [key, trace] : service.traces) {
            origins[key] = (trace.inherited ? "defaults at " : "") + report_.file(trace.mark.file) + ":" +
                           std::to_string(trace.mark.line);
        }
        return origins;
    }

    Source& source_;
    Origins* origins_;
    Report report_;
    bool complete_ = true;  // every file could be read to its end
    std::map<std::string, Mark> read_at_;
    Places defined_at_;
    Places declared_at_;
    bool daemon_given_ = false;
    std::optional<Mark> access_at_;
    Draft<DaemonConfig> daemon_;
    std::vector<ServiceDraft> services_;
    std::vector<ObjectDraft> objects_;
};

}  // namespace

Loaded load(const std::string& path, Source& source, Origins* origins) {
    return Loader(source, origins).load(path);
}

}  // namespace yard::conf
