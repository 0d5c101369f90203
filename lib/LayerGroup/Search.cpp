//===- Search.cpp - Several schedules, the fastest of which counts --------===//
//
// Local search over cost weights: the cost of a tile ignores the commands
// around it, so that a change is kept when the timing of the whole stream
// improves.
//
//===----------------------------------------------------------------------===//

#include "Search.h"

using namespace tpuc;
using namespace tpuc::group;

namespace {

using Weights = Options::Weights;

/// Cost weights of tiles and placement of weights.
struct SearchSetting {
  CostWeights costWeights;
  Weights weights;
};

/// Settings to try, ordered by what each gained beyond the ones before on some
/// sixty networks: weights of commands and memory, overlap of the engines, more
/// tile sizes.
std::vector<SearchSetting> listSearchSettings() {
  constexpr double kCheap = 0.05, kDear = 0.5; // memory
  auto setting = [](double memoryShare, double tiuIssue, double gdmaIssue,
                    Weights weights) {
    CostWeights costWeights;
    costWeights.memoryShare = memoryShare;
    costWeights.tiuIssue = tiuIssue;
    costWeights.gdmaIssue = gdmaIssue;
    return SearchSetting{costWeights, weights};
  };
  CostWeights half, together, thorough;
  half.overlap = 0.7;
  together.overlap = 1;
  thorough.numSizes = 32;
  return {setting(kDear, 8, 0, Weights::Ring),
          setting(kCheap, 8, 0, Weights::Above),
          setting(kDear, 0, 0, Weights::Above),
          {half, Weights::Above},
          setting(kDear, 8, 0, Weights::Between),
          {thorough, Weights::Ring},
          setting(kDear, 8, 256, Weights::Ring),
          setting(kCheap, 0, 0, Weights::Ring),
          setting(kCheap, 8, 32, Weights::Ring),
          setting(kCheap, 8, 256, Weights::Above),
          setting(kCheap, 0, 32, Weights::Above),
          {together, Weights::Between},
          setting(kDear, 0, 32, Weights::Ring),
          setting(kDear, 8, 32, Weights::Ring)};
}

class Search {
public:
  Search(size_t numOperators, Options &options, Attempt attempt, Plan &best)
      : numOperators(numOperators), options(options), attempt(attempt),
        best(best) {
    if (options.costWeights.empty())
      options.costWeights.resize(numOperators);
  }

  void run() {
    std::vector<SearchSetting> settings = listSearchSettings();
    for (const SearchSetting &setting : settings) {
      Options changed = options;
      changed.weights = setting.weights;
      changed.costWeights.assign(numOperators, setting.costWeights);
      tryWith(changed);
    }
    refine();
    Options changed = options;
    changed.prefetchShort = true;
    tryWith(changed);
    if (options.search == Options::Search::Network)
      return;
    for (size_t parts : {4, 8})
      for (size_t part = 0; part < parts; ++part)
        for (const SearchSetting &setting : settings)
          tryFor(numOperators * part / parts, numOperators * (part + 1) / parts,
                 setting.costWeights);
  }

private:
  /// Varies the best cost weights of all operators, one number at a time.
  void refine() {
    CostWeights best = options.costWeights.front();
    auto vary = [&](double CostWeights::*number,
                    std::initializer_list<double> to) {
      for (double value : to) {
        CostWeights costWeights = best;
        costWeights.*number = value;
        tryFor(0, numOperators, costWeights);
      }
      best = options.costWeights.front();
    };
    vary(&CostWeights::memoryShare,
         {best.memoryShare / 2, best.memoryShare * 2, best.memoryShare * 4});
    vary(&CostWeights::tiuIssue, {2, 4, 16});
    vary(&CostWeights::gdmaIssue, {16, 64, 128});
  }

  /// Changes the weights of the operators [first, last) if that is faster.
  void tryFor(size_t first, size_t last, const CostWeights &costWeights) {
    if (first == last)
      return;
    Options changed = options;
    std::fill(changed.costWeights.begin() + first,
              changed.costWeights.begin() + last, costWeights);
    if (changed.costWeights != options.costWeights)
      tryWith(changed);
  }

  /// Keeps `changed` if the stream is faster with it. Of a network of thousands
  /// of operators only the first settings are tried.
  void tryWith(const Options &changed) {
    constexpr size_t kMostOperators = 48000, kLeastAttempts = 4;
    if (options.search == Options::Search::Network &&
        attempts >= kLeastAttempts && attempts * numOperators >= kMostOperators)
      return;
    ++attempts;
    Plan plan;
    if (!attempt(changed, plan) || plan.cycles >= best.cycles)
      return;
    best = std::move(plan);
    options = changed;
  }

  size_t numOperators, attempts = 0;
  Options &options;
  Attempt attempt;
  Plan &best;
};

} // namespace

void group::searchSettings(size_t numOperators, Options options,
                           Attempt attempt, Plan &best) {
  Search(numOperators, options, attempt, best).run();
}
