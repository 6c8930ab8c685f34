// What explains an answer, as JavaScript values.
#pragma once

#include <napi.h>

#include <vector>

#include "solv/goal.h"
#include "solv/locked_set.h"

namespace rpmoci {

Napi::Value from_reference(Napi::Env env, const PackageReference& package);
Napi::Object from_unmatched(Napi::Env env, const UnmatchedSpec& unmatched);
Napi::Object from_problem(Napi::Env env, const SolveProblem& problem);

std::vector<LockedEntry> to_locked_entries(const Napi::Value& value);
Napi::Value from_locked_set(Napi::Env env, const LockedSetFacts& facts);

}  // namespace rpmoci
