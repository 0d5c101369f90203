//===- KernelContext.h - Environment of kernel builders ---------*- C++ -*-===//
//
// Maps values of the tpu dialect to global memory and collects the constants
// that kernels want in the coefficient area. It plans addresses; it emits
// nothing.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_PLAN_KERNELCONTEXT_H
#define TPUC_DIALECT_TPU_PLAN_KERNELCONTEXT_H

#include "Dialect/Tpu/Transforms/KernelTypes.h"
#include "Kernel/Kernel.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"

#include <deque>
#include <map>

namespace tpuc {

class KernelContext {
public:
  KernelContext(const Arch &arch, bool allowsLaneProducts)
      : chip(arch), laneProducts(allowsLaneProducts) {}

  /// The chip that the kernels are for.
  const Arch &arch() const { return chip; }

  /// Whether movements between lanes may be products.
  bool allowsLaneProducts() const { return laneProducts; }

  /// `value` in global memory, as contiguous [1, 1, 1, elements]. A constant is
  /// added to the coefficient area on the first call. The
  /// value must have a type that elementTypeOf() accepts.
  kernel::GlobalTensor globalTensor(mlir::Value value);

  /// Whether `value` has memory among the activations.
  bool hasAllocation(mlir::Value value) const {
    return activations.contains(value);
  }

  /// Makes `value` a view of the constant `source`.
  void alias(mlir::Value value, mlir::Value source);

  /// The bytes of a constant operand, row-major in its own type; empty when
  /// `value` is not a constant. They live as long as the module.
  llvm::ArrayRef<char> constantBytes(mlir::Value value);

  /// The bytes of the constant `weight`, an operand of `op`, as
  /// tpu-pack-weights packed them; `type` and `shape` say how many they are. An
  /// operand that is not packed has a place but no bytes: it can be planned,
  /// not emitted. Emits an error when there are other bytes.
  mlir::FailureOr<kernel::GlobalTensor>
  packedWeight(mlir::Operation *op, mlir::Value weight,
               kernel::ElementType type, const kernel::Shape4 &shape);

  /// The first operator with a weight that is not packed, or null.
  mlir::Operation *unpackedOperator() const { return unpacked; }

  /// Adds packed bytes (kernel weights, tables) to the coefficient area.
  kernel::GlobalTensor addConstant(std::vector<char> bytes,
                                   kernel::ElementType type,
                                   const kernel::Shape4 &shape);

  /// The identity matrix [1, lanes, 1, lanes] of a 16-bit float type, as a
  /// constant.
  kernel::GlobalTensor identityMatrix(kernel::ElementType type);

  /// Sets an activation's offset in virtual global memory, in bytes, and its
  /// lane layout.
  void placeActivation(mlir::Value value, int64_t offsetBytes,
                       kernel::LaneLayout layout);

  /// A weight, or a constant of the compiler, in the coefficient area.
  struct Coefficient {
    std::string name;
    int64_t offsetBytes;
    llvm::ArrayRef<char> bytes;
  };

  /// The coefficient area in address order: each piece starts at the next
  /// multiple of Arch::globalAlignBytes.
  llvm::ArrayRef<Coefficient> coefficients() const { return pieces; }
  int64_t coefficientSize() const { return coefficientBytes; }

private:
  /// The offset of `bytes` in the coefficient area, where equal pieces are
  /// stored once.
  int64_t addPiece(llvm::ArrayRef<char> bytes, llvm::StringRef name);

  struct ActivationPlace {
    int64_t offsetBytes;
    kernel::LaneLayout layout;
  };
  llvm::DenseMap<mlir::Value, ActivationPlace> activations;
  llvm::DenseMap<mlir::Value, int64_t> constantOffsets;
  llvm::DenseMap<mlir::Value, mlir::Value> aliases;
  llvm::DenseMap<mlir::Value, llvm::ArrayRef<char>> splats;
  std::map<kernel::ElementType, kernel::GlobalTensor> identities;
  llvm::SmallVector<Coefficient> pieces;
  /// Indices into `pieces`.
  std::multimap<uint64_t, size_t> piecesByHash;
  std::deque<std::vector<char>> packed;
  int64_t coefficientBytes = 0;
  mlir::Operation *unpacked = nullptr;
  const Arch &chip;
  bool laneProducts;
};

} // namespace tpuc

#endif // TPUC_DIALECT_TPU_PLAN_KERNELCONTEXT_H
