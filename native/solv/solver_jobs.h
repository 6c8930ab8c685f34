// From what a user asks for to jobs of the solver, in an order that does not depend on that of the questions.
#pragma once

#include <string>
#include <vector>

#include "solv/goal.h"
#include "solv/job_queue.h"

namespace rpmoci {

class FileDependencies;
class PackagePool;

/// The packages of an earlier resolution that stay when it is about them, in the order of their Ids.
std::vector<Id> staying_packages(const PackagePool& pool, const Job& job);

/// Adds the specifications' jobs and returns those that match nothing.
std::vector<UnmatchedSpec> add_specs(PackagePool& pool, const Job& job, const std::vector<Id>& staying, JobQueue& jobs);

/// Adds the jobs of packages of groups, as dnf does, and returns the names of those that no repository has.
std::vector<std::string> add_group_packages(PackagePool& pool, const Job& job, const std::vector<Id>& staying,
                                            JobQueue& jobs);

/// Adds the jobs of module profiles and returns those whose package nobody has.
std::vector<UnmatchedSpec> add_profile_packages(PackagePool& pool, const Job& job, const std::vector<Id>& staying,
                                                JobQueue& jobs);

/// Adds the requirements' jobs and returns a problem for each that is not a dependency.
std::vector<SolveProblem> add_requirements(PackagePool& pool, const Job& job, JobQueue& jobs, FileDependencies& files);

/// Throws std::invalid_argument for a local package that the pool does not have.
void add_local_packages(const PackagePool& pool, const Job& job, JobQueue& jobs);

/// Asks for packages by name, if that is possible.
void add_wanted(const PackagePool& pool, const std::vector<std::string>& names, JobQueue& jobs);

/// Prefers what stays wherever there is a choice. Of what is renewed only the best version remains to choose from, and
/// of what stays the version that it has, as far as that can be: of rules in conflict the last one gives way, so that
/// what stays moves for what is renewed, and to the best version.
void add_preferences(const PackagePool& pool, const Job& job, const std::vector<Id>& staying, JobQueue& jobs);

/// Lets several versions of a kernel, and of what else dnf's default of `installonlypkgs` names, stand beside each
/// other.
void add_install_only(const PackagePool& pool, JobQueue& jobs);

}  // namespace rpmoci
