// A configuration written back, in the words and order of the schema: every key that is in force, with its
// default where nothing was given. A loader that reads it gets the same configuration.
#pragma once

#include "conf/config.h"
#include "conf/loader.h"
#include "conf/value.h"

namespace yard::conf {

Value::Map describe(const ServiceConfig& service);
Value::Map describe(const DaemonConfig& daemon);
Value::Map describe(const ObjectConfig& object);
Value::Map describe_access(const DaemonConfig& daemon);  // what stands under `access:`

// Where each of these values was written, in the same shape: in place of a value "yard.yaml:12", "defaults at
// yard.yaml:3" or "built in"; of the environment for each variable.
Value::Map describe_origins(const ServiceConfig& service, const KeyOrigins& origins);

}  // namespace yard::conf
