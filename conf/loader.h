// From configuration files to conf::Config, or to every mistake in them.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "conf/config.h"

namespace yard::conf {

// One mistake of the user's: `yard.yaml:3:5: error: unknown key "comand"; did you mean "command"?`
struct Diagnostic {
    std::string file;
    int line = 0;         // from 1; 0: the file as a whole
    int column = 0;       // from 1
    std::string message;  // one sentence: what is wrong, what was expected, the nearest valid word

    std::string text() const;
};

// Where files and variables come from: the disk and the environment, a bundle kept from an earlier load
// (so that an engine that was killed comes back with the same configuration), or a test's map.
class Source {
  public:
    virtual ~Source() = default;
    virtual Result<std::string> read_file(const std::string& path) = 0;
    // The paths of the *.yaml files of a folder in name order; empty when there is no such folder.
    virtual Result<std::vector<std::string>> list_yaml(const std::string& folder) = 0;
    virtual std::optional<std::string> variable(const std::string& name) = 0;
};

// What was asked of a source, and what came back.
struct Question {
    enum class Kind : char { file = 'f', folder = 'd', variable = 'v' };
    Kind kind;
    std::string name;
    auto operator<=>(const Question&) const = default;
};
struct Answer {
    bool ok;              // false: `content` is the error; empty for a variable that is not set
    std::string content;  // of a folder: its files, each ended by a NUL byte
};
using Answers = std::map<Question, Answer>;

// The real one. Keeps what it read, so that bundle() can be loaded again without the disk; a second question
// gets the first answer, so that one load never sees two states of a file.
class DiskSource : public Source {
  public:
    Result<std::string> read_file(const std::string& path) override;
    Result<std::vector<std::string>> list_yaml(const std::string& folder) override;
    std::optional<std::string> variable(const std::string& name) override;

    // Everything read so far as one string that BundleSource understands.
    std::string bundle() const;

  private:
    Answers answers_;
};

// Answers exactly as the DiskSource that made the bundle did.
class BundleSource : public Source {
  public:
    static Result<BundleSource> parse(const std::string& bundle);
    Result<std::string> read_file(const std::string& path) override;
    Result<std::vector<std::string>> list_yaml(const std::string& folder) override;
    std::optional<std::string> variable(const std::string& name) override;

  private:
    explicit BundleSource(Answers answers) : answers_(std::move(answers)) {}
    Answers answers_;
};

struct Loaded {
    Config config;                        // meaningful only when `diagnostics` is empty
    std::vector<Diagnostic> diagnostics;  // all mistakes, in file order
};

// Where the values of a configuration were written, by their paths ("restart.delay", "env.MODE"): as
// "yard.yaml:12", behind "defaults at " where a `defaults:` gave them. Values that are not here are built in.
using KeyOrigins = std::map<std::string, std::string>;
using Origins = std::map<std::string, KeyOrigins>;  // by the name of the service

// Reads `path`, the *.yaml files of yard.d/ beside it in name order, and what they include. Never throws,
// never crashes on any input: depth, aliases and size are bounded.
// `origins` is filled if it is given, and only then anything is remembered for it.
Loaded load(const std::string& path, Source& source, Origins* origins = nullptr);

// The file that CONTRACT's search order gives: `given` if not empty, else $YARD_CONFIG, ./yard.yaml,
// $XDG_CONFIG_HOME/yardmaster/yard.yaml (~/.config by default), /etc/yardmaster/yard.yaml. The error lists
// what was tried.
Result<std::string> find_config(const std::string& given);

}  // namespace yard::conf
