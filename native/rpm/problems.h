// What librpm has against a transaction.
#pragma once

#include <string>
#include <vector>

#include "rpm/handles.h"

namespace rpmoci {

/// librpm's words, one text a problem.
std::vector<std::string> problems_of(rpmts transaction);

/// The same in one text, `; ` between them; empty for none.
std::string joined_problems(rpmts transaction);

}  // namespace rpmoci
