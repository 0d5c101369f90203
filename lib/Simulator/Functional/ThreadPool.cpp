//===- ThreadPool.cpp - Workers for one command ---------------------------===//
//
// Commands are short, so a worker spins for a moment before it sleeps. Workers
// flush denormals, as the thread that runs the stream does.
//
//===----------------------------------------------------------------------===//

#include "ThreadPool.h"
#include "Machine.h"

using namespace tpuc::sim;

ThreadPool::ThreadPool(unsigned threads) {
  for (unsigned i = 1; i < threads; ++i)
    workers.emplace_back([this, i] { work(i); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
  }
  wake.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

void ThreadPool::range(unsigned worker, uint64_t &begin, uint64_t &end) const {
  begin = items * worker / size();
  end = items * (worker + 1) / size();
}

void ThreadPool::share(uint64_t count, Call function, void *argument) {
  items = count;
  call = function;
  context = argument;
  pending.store(unsigned(workers.size()), std::memory_order_relaxed);
  {
    std::lock_guard<std::mutex> lock(mutex);
    generation.fetch_add(1, std::memory_order_release);
  }
  wake.notify_all();
  uint64_t begin, end;
  range(0, begin, end);
  if (begin < end)
    function(argument, begin, end, 0);
  for (unsigned spins = 0; pending.load(std::memory_order_acquire) != 0;)
    if (++spins > 2000)
      std::this_thread::yield();
}

void ThreadPool::work(unsigned worker) {
  FlushDenormals flush;
  uint64_t seen = 0;
  constexpr unsigned kSpins = 4000;
  for (;;) {
    unsigned spins = 0;
    while (generation.load(std::memory_order_acquire) == seen && !stopping &&
           ++spins < kSpins) {
    }
    if (generation.load(std::memory_order_acquire) == seen) {
      std::unique_lock<std::mutex> lock(mutex);
      wake.wait(lock, [&] { return stopping || generation != seen; });
    }
    if (stopping)
      return;
    seen = generation.load(std::memory_order_acquire);
    uint64_t begin, end;
    range(worker, begin, end);
    if (begin < end)
      call(context, begin, end, worker);
    pending.fetch_sub(1, std::memory_order_release);
  }
}
