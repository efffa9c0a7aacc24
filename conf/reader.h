// What a row of the schema may use while it reads its value: the places to complain, to read files from, and
// to remember where list items stand.
#pragma once

#include <string>
#include <vector>

#include "conf/loader.h"
#include "conf/node.h"
#include "conf/report.h"

namespace yard::conf {

class Reader {
  public:
    // `folder`: that of the file being read, with a slash at its end or empty. Relative paths start there.
    // `traces`: that members are to be remembered too.
    Reader(Report& report, Source& source, std::string folder, bool traces)
        : report_(report), source_(source), folder_(std::move(folder)), traces_(traces) {}

    Report& report() { return report_; }
    Source& source() { return source_; }

    // The key that is read from now on; messages begin with it.
    void begin(const std::string& key) {
        key_ = key;
        items_.clear();
        members_.clear();
    }

    // "restart.delay: expected a duration ..., not "5"; did you mean "5s"?" at the node. `proposal` may be
    // empty.
    void expected(const std::string& what, const Node& instead, const std::string& proposal = {});
    // "restart.delay: <message>".
    void error(Mark mark, const std::string& message);

    // Lists remember where each of their items stands, for the checks that come later.
    void item(Mark mark) { items_.push_back(mark); }
    const std::vector<Mark>& items() const { return items_; }

    // Where each variable of an environment stands, for the origins of values.
    struct Member {
        std::string name;
        Mark mark;
    };
    bool traces() const { return traces_; }
    void member(const std::string& name, Mark mark) {
        if (traces_) members_.push_back({name, mark});
    }
    const std::vector<Member>& members() const { return members_; }

    // `path` as the daemon shall open it.
    std::string resolve(const std::string& path) const {
        return path.starts_with('/') ? path : folder_ + path;
    }

  private:
    Report& report_;
    Source& source_;
    const std::string folder_;
    std::string key_;
    const bool traces_;
    std::vector<Mark> items_;
    std::vector<Member> members_;
};

}  // namespace yard::conf
