#!/bin/sh
# Many of these may be started at the same time: at most two compress at once, one writes the list at a time, and all
# wait for the start signal.
set -eu
ctl event wait examples/go --timeout 30s
for name; do
    ctl sem run examples/slots -- gzip -k "$name"
    ctl lock run examples/books -- sh -c 'echo "$1" >>list' sh "$name.gz"
done
