// A configuration written back, in the words and order of the schema: every key that is in force, with its
// default where nothing was given. A loader that reads it gets the same configuration.
#pragma once

#include "conf/config.h"
#include "conf/value.h"

namespace yard::conf {

Value::Map describe(const ServiceConfig& service);
Value::Map describe(const DaemonConfig& daemon);
Value::Map describe_access(const DaemonConfig& daemon);  // what stands under `access:`

}  // namespace yard::conf
