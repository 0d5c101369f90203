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

using Weights = Options::Weights;

/// What to rank tiles by, and where to put weights.
struct Trial {
  Ranking ranking;
  Weights weights;
};

/// Those worth a try, in the order of what each gained beyond the ones before
/// over some sixty networks: commands and memory cheap or dear, engines that
/// work at the same time, more sizes.
std::vector<Trial> listTrials() {
  constexpr double kCheap = 0.05, kDear = 0.5; // memory
  auto trial = [](double memoryShare, double tiuIssue, double gdmaIssue,
                  Weights weights) {
    Ranking ranking;
    ranking.memoryShare = memoryShare;
    ranking.tiuIssue = tiuIssue;
    ranking.gdmaIssue = gdmaIssue;
    return Trial{ranking, weights};
  };
  Ranking half, together, thorough;
  half.overlap = 0.7;
  together.overlap = 1;
  thorough.numSizes = 32;
  return {trial(kDear, 8, 0, Weights::Ring),
          trial(kCheap, 8, 0, Weights::Above),
          trial(kDear, 0, 0, Weights::Above),
          {half, Weights::Above},
          trial(kDear, 8, 0, Weights::Between),
          {thorough, Weights::Ring},
          trial(kDear, 8, 256, Weights::Ring),
          trial(kCheap, 0, 0, Weights::Ring),
          trial(kCheap, 8, 32, Weights::Ring),
          trial(kCheap, 8, 256, Weights::Above),
          trial(kCheap, 0, 32, Weights::Above),
          {together, Weights::Between},
          trial(kDear, 0, 32, Weights::Ring),
          trial(kDear, 8, 32, Weights::Ring)};
}

class Search {
public:
  Search(size_t numOperators, Options &options, Attempt attempt, Plan &best)
      : numOperators(numOperators), options(options), attempt(attempt),
        best(best) {
    if (options.rankings.empty())
      options.rankings.resize(numOperators);
  }

  void run() {
    std::vector<Trial> trials = listTrials();
    for (const Trial &trial : trials) {
      Options changed = options;
      changed.weights = trial.weights;
      changed.rankings.assign(numOperators, trial.ranking);
      tryWith(changed);
    }
    refine();
    if (options.search == Options::Search::Network)
      return;
    for (size_t parts : {4, 8})
      for (size_t part = 0; part < parts; ++part)
        for (const Trial &trial : trials)
          tryFor(numOperators * part / parts, numOperators * (part + 1) / parts,
                 trial.ranking);
  }

private:
  /// Varies the best ranking of all operators, one number at a time.
  void refine() {
    Ranking best = options.rankings.front();
    auto vary = [&](double Ranking::*number, std::initializer_list<double> to) {
      for (double value : to) {
        Ranking ranking = best;
        ranking.*number = value;
        tryFor(0, numOperators, ranking);
      }
      best = options.rankings.front();
    };
    vary(&Ranking::memoryShare,
         {best.memoryShare / 2, best.memoryShare * 2, best.memoryShare * 4});
    vary(&Ranking::tiuIssue, {2, 4, 16});
    vary(&Ranking::gdmaIssue, {16, 64, 128});
  }

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
    Plan plan;
    if (!attempt(changed, plan) || plan.cycles >= best.cycles)
      return;
    best = std::move(plan);
    options = changed;
  }

  size_t numOperators;
  Options &options;
  Attempt attempt;
  Plan &best;
};

} // namespace

void group::searchRankings(size_t numOperators, Options options,
                           Attempt attempt, Plan &best) {
  Search(numOperators, options, attempt, best).run();
}
