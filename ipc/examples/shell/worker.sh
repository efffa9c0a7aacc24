#!/bin/sh
# Makes each message of the queue upper case, a line each, until the queue is closed. A message whose work fails, or
# whose worker dies, comes again.
exec ctl queue run examples/jobs --follow --delay 1s -- sh -c 'tr a-z A-Z; echo'
