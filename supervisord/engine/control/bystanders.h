// Bystanders: services that a request does not name and moves all the same: what a stop takes along, what a start needs.
#pragma once

#include <vector>

#include "engine/control/backend.h"

namespace yard::engine::control {

class Bystanders {
  public:
    // Before the request is carried out. `backend` must outlive this.
    explicit Bystanders(const ControlBackend& backend);
    // After it, in the same turn of the loop: who goes another way now, without the `named`.
    std::vector<ServiceId> moved(const std::vector<ServiceId>& named) const;

  private:
    struct Course {
        Wanted wanted;
        Hold hold;
        bool goes_down;  // now, or once its dependents have
        bool operator==(const Course&) const = default;
    };
    Course course(ServiceId id) const;

    const ControlBackend& backend_;
    std::vector<Course> before_;
};

}  // namespace yard::engine::control
