// Why a job cannot be done, in sentences.
#pragma once

#include <string>
#include <vector>

#include "solv/libsolv.h"

namespace rpmoci {

struct SolveProblem {
  /// The most telling first, without repeats.
  std::vector<std::string> messages;
};

/// The problems that a solver was left with. `job_texts` has the user's words for each job of the queue that was
/// solved.
std::vector<SolveProblem> describe_problems(::Solver* solver, const std::vector<std::string>& job_texts);

}  // namespace rpmoci
