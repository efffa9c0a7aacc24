// ctl status --watch: the status again whenever a service changes its state, until Ctrl-C.
#pragma once

#include "ctl/commands.h"

namespace yard::ctl {

// On a terminal the screen is drawn anew, and ages run on; elsewhere the table is printed again, or with --json a line.
Outcome watch_status(Context& context);

}  // namespace yard::ctl
