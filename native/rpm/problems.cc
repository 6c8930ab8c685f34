#include "rpm/problems.h"

#include <rpm/rpmps.h>

namespace rpmoci {

namespace {

using OwnedProblems = Owned<rpmps, rpmpsFree>;
using OwnedProblemIterator = Owned<rpmpsi, rpmpsFreeIterator>;

}  // namespace

std::vector<std::string> problems_of(rpmts transaction) {
  const OwnedProblems problems(rpmtsProblems(transaction));
  const OwnedProblemIterator iterator(rpmpsInitIterator(problems.get()));
  std::vector<std::string> texts;
  while (const auto problem = iterator ? rpmpsiNext(iterator.get()) : nullptr) {
    const Malloced<char> text(rpmProblemString(problem));
    if (text) texts.emplace_back(text.get());
  }
  return texts;
}

std::string joined_problems(rpmts transaction) {
  std::string joined;
  for (const auto& text : problems_of(transaction)) joined += (joined.empty() ? "" : "; ") + text;
  return joined;
}

}  // namespace rpmoci
