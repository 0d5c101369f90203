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

/// Rankings worth a try: commands and memory cheap or dear, engines that work
/// at the same time, more sizes.
std::vector<Ranking> otherRankings() {
  std::vector<Ranking> rankings;
  auto add = [&](auto set) { set(rankings.emplace_back()); };
  for (double memoryShare : {0.05, 0.5})
    for (double tiuIssue : {0.0, 8.0})
      for (double gdmaIssue : {0.0, 32.0, 256.0})
        add([&](Ranking &ranking) {
          ranking.memoryShare = memoryShare;
          ranking.tiuIssue = tiuIssue;
          ranking.gdmaIssue = gdmaIssue;
        });
  add([](Ranking &half) { half.overlap = 0.7; });
  add([](Ranking &together) { together.overlap = 1; });
  add([](Ranking &thorough) { thorough.numSizes = 32; });
  return rankings;
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
    // Weights elsewhere leave other tiles the room that they need.
    others.insert(others.begin(), Ranking());
    for (auto weights : {Options::Weights::Above, Options::Weights::Ring})
      for (const Ranking &ranking : others) {
        Options changed = options;
        changed.weights = weights;
        changed.rankings.assign(numOperators, ranking);
        tryWith(changed);
      }
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
    Options changed = options;
    std::fill(changed.rankings.begin() + first, changed.rankings.begin() + last,
              ranking);
    if (changed.rankings != options.rankings)
      tryWith(changed);
  }

  /// Keeps `changed` if the stream is faster with it.
  void tryWith(const Options &changed) {
    Schedule schedule;
    if (!attempt(changed, schedule) || schedule.cycles >= best.cycles)
      return;
    best = std::move(schedule);
    options = changed;
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
