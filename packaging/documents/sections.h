// The parts of completions, man pages and references that are made from the tables: the schema of the
// configuration (conf/schema.h), the commands of ctl (ctl/command_table.h), the options of the daemon.
#pragma once

#include <string>
#include <string_view>

namespace yard::documents {

// Completion: what the hand-written scripts look words up in.
std::string bash_tables();
std::string zsh_functions();
std::string fish_lines();

// Man pages, in man(7).
std::string man_commands();        // of ctl, with their options
std::string man_global_options();  // of every command
std::string man_daemon_options();
std::string man_keys();

// For reading, and for editors.
std::string markdown_keys();
std::string json_schema();

struct Section {
    std::string_view name;  // a line "@name@" of a template stands for it
    std::string (*write)();
};
inline constexpr Section kSections[] = {
    {"bash-tables", bash_tables},
    {"zsh-functions", zsh_functions},
    {"fish-lines", fish_lines},
    {"man-commands", man_commands},
    {"man-global-options", man_global_options},
    {"man-daemon-options", man_daemon_options},
    {"man-keys", man_keys},
    {"markdown-keys", markdown_keys},
    {"json-schema", json_schema},
};

}  // namespace yard::documents
