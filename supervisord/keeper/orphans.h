// Whose is a process that came to the keeper as an orphan?
//
// Where there is no cgroup, orphans come to their service's shim, until somebody kills that: in that moment all it
// had comes to the keeper, as children that no record knows. Each has to end, and its service with it, because
// without a shim nobody holds the tree. But strangers may be among the keeper's children too: as PID 1 it gets the
// orphans of its whole PID namespace (of `docker exec`, say), and a program that had children may have become it by
// exec. So these are told apart, by what a process cannot shed by setsid(2) and double forking:
//
// - Strangers possible or not, an orphan in another cgroup than the keeper's is no shim's: those of services that
//   live in cgroups come to the keeper as well.
// - Where no strangers can be, that is all: a subreaper gets none but descendants of its own.
// - Where they can be, the process must have been given a service's environment, which it may have replaced by
//   another exec (`env -i`). Such a one lives on: rather that than to kill a stranger.
// - One that is exiting counts as a shim's, whoever it is: a signal does it no harm, and what it leaves behind has to
//   be looked at once it is gone.
#pragma once

#include <stdint.h>

namespace yard::keeper {

// `pid` is a child of the caller that it has no record of. False also when /proc does not tell.
bool came_from_shim(int32_t pid, bool strangers_possible);

}  // namespace yard::keeper
