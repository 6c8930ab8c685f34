// Why module streams cannot be active, in sentences.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "solv/libsolv.h"

namespace rpmoci {

struct ModuleProblem {
  /// The most telling first, without repeats.
  std::vector<std::string> messages;
};

/// The problems that a solver of modules was left with. `name` has the words for a build.
std::vector<ModuleProblem> describe_module_problems(::Solver* solver, const std::function<std::string(Id)>& name);

}  // namespace rpmoci
