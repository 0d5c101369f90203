//===- Machine.h - State that commands work on ----------------*- C++ -*-===//
//
// The memories of the simulated chip, the worker threads and the result type of
// command handlers. Handlers get a Machine and registers; they return a reason
// when they refuse.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_SIMULATOR_FUNCTIONAL_MACHINE_H
#define TPUC_LIB_SIMULATOR_FUNCTIONAL_MACHINE_H

#include "Simulator/Functional/Simulator.h"
#include "ThreadPool.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace tpuc::sim {

/// Empty, or the reason why a command cannot be executed.
class [[nodiscard]] Status {
public:
  Status() = default;
  static Status error(std::string reason) {
    Status status;
    status.reason = std::move(reason);
    return status;
  }
  bool failed() const { return !reason.empty(); }
  const std::string &message() const { return reason; }

private:
  std::string reason;
};

#define TPUC_RETURN_IF_FAILED(expression)                                      \
  do {                                                                         \
    if (::tpuc::sim::Status status_ = (expression); status_.failed())          \
      return status_;                                                          \
  } while (false)

/// Element types by the command set's precision codes.
enum class Precision : uint8_t { I8, F16, F32, I16, I32, BF16, I4 };

inline unsigned elementBytes(Precision precision) {
  constexpr uint8_t bytes[8] = {1, 2, 4, 2, 4, 2, 1, 1};
  return bytes[unsigned(precision) & 7];
}
inline bool isFloat(Precision precision) {
  return precision == Precision::F16 || precision == Precision::F32 ||
         precision == Precision::BF16;
}
inline bool isHalf(Precision precision) {
  return precision == Precision::F16 || precision == Precision::BF16;
}
const char *name(Precision precision);

/// The precision of a register field; fails for i4 and the unused code.
Status precisionOf(uint32_t code, const char *operand, Precision &precision);

/// A scratch buffer that grows and is never given back, so that commands do
/// not allocate once the largest has run.
class Scratch {
public:
  template <typename T> T *get(size_t count) {
    size_t bytes = count * sizeof(T) + 64;
    if (storage.size() < bytes)
      storage.resize(bytes + bytes / 2);
    return reinterpret_cast<T *>(
        (reinterpret_cast<uintptr_t>(storage.data()) + 63) & ~uintptr_t(63));
  }

private:
  std::vector<uint8_t> storage;
};

/// Memory of the C library: zeroed pages cost nothing until they are touched.
struct FreeMemory {
  void operator()(uint8_t *memory) const { std::free(memory); }
};
using OwnedMemory = std::unique_ptr<uint8_t[], FreeMemory>;

class Machine {
public:
  explicit Machine(unsigned threads);
  ~Machine();

  uint8_t *local;
  std::array<uint8_t, kStaticBytes> staticMemory{};
  std::vector<uint8_t> l2;

  struct Region {
    uint64_t address;
    uint64_t bytes;
    uint8_t *data;
    OwnedMemory owned;
  };
  std::vector<Region> regions;

  bool map(uint64_t address, uint8_t *data, uint64_t bytes, OwnedMemory owned);

  /// The host address of [address, address + bytes), or null when a byte of it
  /// is not mapped.
  uint8_t *resolve(uint64_t address, uint64_t bytes) const;

  ThreadPool pool;
  bool reference = false;
  Limits limits;
  /// Buffers of the command that runs. The first four hold operands, in any
  /// use; the others one kind of table each.
  enum ScratchUse {
    kOrderScratch = 4,
    kLineScratch,
    kGroupScratch,
    kRowScratch,
    kColumnScratch,
    kScratches
  };
  Scratch scratch[kScratches];
};

/// Writes the coefficient tables into static memory.
void fillStaticTables(std::array<uint8_t, kStaticBytes> &memory);

/// Number as text, for messages.
std::string hex(uint64_t value);

/// Sets flush-to-zero for the calling thread while it lives: the chip's f32
/// arithmetic knows no denormals.
class FlushDenormals {
public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals &) = delete;
  FlushDenormals &operator=(const FlushDenormals &) = delete;

private:
  uint64_t saved;
};

} // namespace tpuc::sim

#endif // TPUC_LIB_SIMULATOR_FUNCTIONAL_MACHINE_H
