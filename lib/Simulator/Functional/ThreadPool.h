//===- ThreadPool.h - Workers for one command -----------------*- C++ -*-===//
//
// Splits the items of one command over a few threads. The split depends on the
// number of threads, so work items must not depend on each other.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_SIMULATOR_FUNCTIONAL_THREADPOOL_H
#define TPUC_LIB_SIMULATOR_FUNCTIONAL_THREADPOOL_H

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace tpuc::sim {

class ThreadPool {
public:
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();

  unsigned size() const { return unsigned(workers.size()) + 1; }

  /// Calls `body(begin, end, worker)` on disjoint ranges that cover [0, items),
  /// at once when the work is worth it. `cost` is in element operations.
  template <typename Body>
  void run(uint64_t items, uint64_t cost, Body &&body) {
    if (workers.empty() || items < 2 || cost < kWorthSharing) {
      if (items)
        body(uint64_t(0), items, 0u);
      return;
    }
    auto call = [](void *context, uint64_t begin, uint64_t end,
                   unsigned worker) {
      (*static_cast<std::remove_reference_t<Body> *>(context))(begin, end,
                                                               worker);
    };
    share(items, call, &body);
  }

private:
  using Call = void (*)(void *, uint64_t, uint64_t, unsigned);
  static constexpr uint64_t kWorthSharing = 40000;

  void share(uint64_t items, Call call, void *context);
  void work(unsigned worker);
  void range(unsigned worker, uint64_t &begin, uint64_t &end) const;

  std::vector<std::thread> workers;
  std::mutex mutex;
  std::condition_variable wake;
  std::atomic<uint64_t> generation{0};
  std::atomic<unsigned> pending{0};
  std::atomic<bool> stopping{false};
  Call call = nullptr;
  void *context = nullptr;
  uint64_t items = 0;
};

} // namespace tpuc::sim

#endif // TPUC_LIB_SIMULATOR_FUNCTIONAL_THREADPOOL_H
