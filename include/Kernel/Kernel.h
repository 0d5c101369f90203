//===- Kernel.h - Operators as commands ------------------------*- C++ -*-===//
//
// A kernel turns one operator into commands. Most are tiled: they answer which
// part of each input a tile of the result needs and how it lies in local
// memory, and emit commands for one tile that is there; the tiler does the
// rest. A few only move data and emit transfers at once.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_KERNEL_H
#define TPUC_KERNEL_KERNEL_H

#include "Kernel/CommandBuilder.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace tpuc::kernel {

/// One operator, or a part of one, with its operands in global memory.
class Kernel {
public:
  explicit Kernel(const Arch &arch) : arch(arch) {}
  virtual ~Kernel() = default;

  /// The chip for which it emits commands.
  const Arch &arch;
};

/// A transfer from place to place, without local memory of its own.
class TransferKernel : public Kernel {
public:
  using Kernel::Kernel;
  virtual void emit(CommandBuilder &builder) const = 0;
};

/// Local memory of one tile.
struct TileBuffers {
  llvm::ArrayRef<LocalTensor> inputs;
  LocalTensor result;
  /// Start of scratchBytes() bytes in every lane, vector-aligned.
  uint32_t scratch = 0;
};

/// A kernel over tiles. The iteration space is the result as [n, c, h, w] with
/// c across lanes; every operand has a 4-D view of its own.
class TiledKernel : public Kernel {
public:
  using Kernel::Kernel;
  /// Sizes of the result's axes.
  virtual Shape4 space() const = 0;
  /// Each axis may be cut at multiples of this; 0: never.
  virtual Shape4 granularity() const = 0;
  virtual unsigned numInputs() const = 0;
  /// The part of input `index`, in its own view, that `tile` needs. An input
  /// whose part is the same for consecutive tiles is loaded once.
  virtual Box inputBox(unsigned index, const Box &tile) const = 0;
  /// How that part lies in local memory, from address 0 on.
  virtual LocalTensor placeInput(unsigned index, const Box &box) const = 0;
  virtual LocalTensor placeResult(const Box &tile) const = 0;
  /// Whether compute() reads this input by any strides, of a tensor that starts
  /// in lane 0 at a whole vector. compute() never writes its inputs:
  /// they may be values that live on.
  virtual bool acceptsStrides(unsigned index) const { return false; }
  /// Whether compute() writes the result by any strides.
  virtual bool acceptsResultStrides() const { return false; }
  /// Local bytes a lane that computing `tile` needs besides its operands.
  virtual int64_t scratchBytes(const Box &tile) const { return 0; }
  /// Local bytes a lane that setUp() fills and all tiles read.
  virtual int64_t constantBytes() const { return 0; }

  /// Emits, once and first, what all tiles share, to `address` in every lane.
  virtual void setUp(CommandBuilder &builder, uint32_t address) const {}
  virtual void load(CommandBuilder &builder, unsigned index, const Box &box,
                    const LocalTensor &local) const = 0;
  /// `constants` is the address given to setUp().
  virtual void compute(CommandBuilder &builder, const Box &tile,
                       const TileBuffers &buffers,
                       uint32_t constants) const = 0;
  virtual void store(CommandBuilder &builder, const Box &tile,
                     const LocalTensor &local) const = 0;
};

using KernelList = llvm::SmallVector<std::unique_ptr<Kernel>, 1>;

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_KERNEL_H
