//===- Search.cpp - Several schedules, the fastest of which counts --------===//
//
// The cost of a tile cannot know what the commands around it do. Whole streams
// know: a change is kept when the stream takes less time with it.
//
//===----------------------------------------------------------------------===//

#include "Search.h"

using namespace tpuc;
using namespace tpuc::group;

namespace {

/// Rankings worth a try: commands cheap or dear, memory dear, engines that work
/// at the same time, more sizes.
std::vector<Ranking> otherRankings() {
  Ranking fewSteps, manySteps, saving, together, half, thorough;
  fewSteps.gdmaIssue = 256;
  manySteps.tiuIssue = manySteps.gdmaIssue = 0;
  saving.memoryShare = 0.5;
  together.overlap = 1;
  half.overlap = 0.7;
  thorough.numSizes = 32;
  return {manySteps, saving, half, thorough, together, fewSteps};
}

class Search {
public:
  Search(size_t numOperators, Options &options, Attempt attempt, Schedule &best)
      : numOperators(numOperators), options(options), attempt(attempt),
        best(best) {
    if (options.rankings.empty())
      options.rankings.resize(numOperators);
  }

  void run() {
    std::vector<Ranking> others = otherRankings();
    for (const Ranking &ranking : others)
      tryFor(0, numOperators, ranking);
    if (options.search == Options::Search::Network)
      return;
    for (size_t parts : {4, 8})
      for (size_t part = 0; part < parts; ++part)
        for (const Ranking &ranking : others)
          tryFor(numOperators * part / parts, numOperators * (part + 1) / parts,
                 ranking);
  }

private:
  /// Ranks the operators [first, last) in another way if that is faster.
  void tryFor(size_t first, size_t last, const Ranking &ranking) {
    if (first == last)
      return;
    std::vector<Ranking> before = options.rankings;
    std::fill(options.rankings.begin() + first, options.rankings.begin() + last,
              ranking);
    Schedule schedule;
    if (options.rankings != before && attempt(options, schedule) &&
        schedule.cycles < best.cycles)
      best = std::move(schedule);
    else
      options.rankings = std::move(before);
  }

  size_t numOperators;
  Options &options;
  Attempt attempt;
  Schedule &best;
};

} // namespace

void group::searchRankings(size_t numOperators, Options options,
                           Attempt attempt, Schedule &best) {
  Search(numOperators, options, attempt, best).run();
}
