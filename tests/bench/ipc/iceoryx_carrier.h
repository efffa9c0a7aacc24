#pragma once

#include "carrier.h"

namespace yard::bench {

std::unique_ptr<Carrier> make_iceoryx(size_t size, int receivers);

}  // namespace yard::bench
