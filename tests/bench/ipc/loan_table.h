#pragma once

namespace yard::bench {

// Messages of 1 MiB that are handed on in place and only touched at both ends, beside a ring of block numbers.
void print_loans();

}  // namespace yard::bench
