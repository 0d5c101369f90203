//===- A16Matmul.h - Products with weights of few bits ----------*- C++ -*-===//
//
// A matrix product whose right operand is held in 4 or 8 bits and becomes
// 16-bit floats beside the product, and how the bytes of that operand lie.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_A16MATMUL_H
#define TPUC_KERNEL_A16MATMUL_H

#include "Kernel/Kernel.h"

#include <optional>
#include <vector>

namespace tpuc::kernel {

/// How a matrix [rows, depth] of codes lies in memory: a row of bytes for each
/// of its rows, rounded up to whole words, rows rounded up to whole lanes. A
/// row begins with its codes; of 4 bits, the first half of the groups is in the
/// low halves of bytes (the low plane), the others in the high halves, so that
/// both are unpacked without strides. Scales and zero points follow.
class A16Layout {
public:
  /// Where zero points are.
  enum class Zeros {
    Common, ///< one for all, an integer
    Bytes,  ///< an integer a group, u8
    Floats  ///< a number a group, of the type of the scales
  };

  /// `zeros` holds rows * groups numbers.
  A16Layout(const Arch &arch, int64_t rows, int64_t depth, int64_t groups,
            int64_t bits, llvm::ArrayRef<float> zeros);

  int64_t group() const { return depth / groups; }
  /// Groups whose codes are in low halves, or all of 8 bits.
  int64_t lowGroups() const { return bits == 4 ? (groups + 1) / 2 : groups; }
  int64_t codeBytes() const { return lowGroups() * group(); }
  int64_t scaleOffset() const { return codeBytes(); }
  int64_t zeroOffset() const { return scaleOffset() + 2 * groups; }
  /// Bytes of a row.
  int64_t rowBytes() const;
  /// Rows, padded to whole lanes.
  int64_t paddedRows() const;
  /// A row comes in so many transfers, of chunkBytes() each.
  int64_t chunks() const;
  int64_t chunkBytes() const { return rowBytes() / chunks(); }

  /// The bytes: codes as words of 32 bits along the depth, the lowest bits
  /// first. Scales and zero points are rounded to `type`.
  std::vector<char> pack(llvm::ArrayRef<char> codes,
                         llvm::ArrayRef<float> scales,
                         llvm::ArrayRef<float> zeros, ElementType type) const;

  /// Loads padded rows from row `first` on, a multiple of the lanes, to
  /// `local`: u8 [1, rows, 1, rowBytes()], rows of a lane without gaps.
  void load(CommandBuilder &builder, const GlobalTensor &matrix, int64_t first,
            const LocalTensor &local) const;

  const Arch &arch;
  int64_t rows, depth, groups, bits;
  Zeros zeros = Zeros::Common;
  int64_t commonZero = 0;
};

/// result = left * weights^T. Sums are kept in f32.
struct A16MatmulParams {
  GlobalTensor left;     ///< [1, M, 1, K], f16 or bf16
  GlobalTensor weights;  ///< u8 [1, padded N, 1, bytes of a row]
  GlobalTensor identity; ///< [1, lanes, 1, lanes], of the type of `left`
  GlobalTensor result;   ///< [1, M, 1, N], of the type of `left` or f32
};

void makeA16MatmulKernels(const A16Layout &layout,
                          const A16MatmulParams &params, KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_A16MATMUL_H
