// Why module streams cannot be active, in sentences.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "solv/problem.h"

namespace rpmoci {

/// The problems that a solver of modules was left with. `name` has the words for a build.
std::vector<SolveProblem> describe_module_problems(::Solver* solver, const std::function<std::string(Id)>& name);

}  // namespace rpmoci
