// Runs the real keeper with this test as its engine: the keeper starts a relay (relay_engine.cc) in the engine's place,
// which hands its socket to the test and waits to be killed.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "conf/config.h"
#include "engine/keeper_link.h"

namespace yard::keeper {

class KeeperFixture : public testing::Test {
  protected:
    void SetUp() override;
    void TearDown() override;

    // Takes the next engine's place: waits until the keeper has started one, reads its inventory.
    void become_engine();
    // SIGKILL to the present engine. What was flushed before is in the keeper's socket.
    void kill_engine();

    // Lays the image of a slot: `/bin/sh -c script`, under a shim if asked.
    void lay(uint32_t slot, const std::string& script, bool shim = false, bool linger = false);
    void lay_command(uint32_t slot, const std::vector<std::string>& command);
    // Reads reports until one satisfies; fails the test after 10 s, printing what came.
    Report wait_for(const std::string& what, const std::function<bool(const Report&)>& wanted);
    Report wait_for(ReportType type, Key key);
    // The record of a slot in the inventory.
    std::optional<Report> inventory_record(uint32_t slot) const;
    // The content of `folder()/name` once it has that many lines.
    std::vector<std::string> wait_for_lines(const std::string& name, size_t count);

    const std::string& folder() const { return folder_; }
    engine::KeeperLink& link() { return *link_; }
    const engine::Inventory& inventory() const { return inventory_; }
    pid_t engine_pid() const { return engine_pid_; }
    pid_t keeper_pid() const { return keeper_pid_; }

    UniqueFd keeper_stderr_;          // none: the test's own
    std::vector<int> refused_calls_;  // system calls that the keeper and all below it are refused with EPERM

  private:
    void lay_image(uint32_t slot, const std::vector<std::string>& command, bool shim, bool linger);

    std::string folder_;
    UniqueFd relay_;  // the relay waits for its end
    UniqueFd listener_;
    pid_t keeper_pid_ = 0;
    pid_t engine_pid_ = 0;
    std::optional<engine::KeeperLink> link_;
    engine::Inventory inventory_;
    std::vector<Report> unread_;
};

}  // namespace yard::keeper
