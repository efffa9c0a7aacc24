// ${NAME} and ${NAME:-default} in the values of a file.
#pragma once

#include "conf/loader.h"
#include "conf/node.h"
#include "conf/report.h"

namespace yard::conf {

// Replaces ${NAME} and ${NAME:-default} (taken when the variable is unset or empty) in every value, and makes
// $${ a literal ${. Any other $ stays as it is. Values only: keys and structure never change. A variable that
// is not set and has no default is reported where the value begins.
void replace_variables(Tree& tree, Source& source, Report& report);

}  // namespace yard::conf
