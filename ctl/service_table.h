// What `ctl status` says of services (the interface's type Service): a line each.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ctl/table.h"
#include "ipc/varlink/json.h"

namespace yard::ctl {

class ServiceTable {
  public:
    // Lines stay in the order in which they are added; or, for a person, what needs attention comes first.
    enum class Order { as_added, by_attention };
    explicit ServiceTable(Order order) : order_(order) {}
    static Order order_for(const Terminal& terminal) {
        return terminal.is_tty ? Order::by_attention : Order::as_added;
    }

    void add(const varlink::Json& service, WallTime now);

    // The table; by attention with an empty line between two groups.
    std::string draw(const Terminal& terminal);
    // "1 failed, 2 stopping, 12 running", in colours.
    std::string summary(const Terminal& terminal) const;

  private:
    using Row = std::vector<Cell>;
    Order order_;
    std::array<std::vector<Row>, 7> groups_;
    std::array<size_t, 9> counts_{};  // by state
};

}  // namespace yard::ctl
