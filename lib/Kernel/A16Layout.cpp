//===- A16Layout.cpp - How weights of few bits lie ------------------------===//
//
// Packs codes, scales and zero points into rows of bytes that one matrix
// transfer brings to the lanes, and loads them.
//
//===----------------------------------------------------------------------===//

#include "Arch/Arch.h"
#include "Kernel/A16Matmul.h"
#include "Kernel/ConvPacking.h"
#include "Support/IntMath.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <cstring>

using namespace tpuc;
using namespace tpuc::kernel;

A16Layout::A16Layout(const Arch &arch, int64_t rows, int64_t depth,
                     int64_t groups, int64_t bits, llvm::ArrayRef<float> points)
    : arch(arch), rows(rows), depth(depth), groups(groups), bits(bits) {
  // Differences of codes and zero points have to fit into 8 bits.
  auto isByte = [&](float zero) {
    return zero == std::floor(zero) &&
           (bits == 4 ? zero >= 0 && zero <= 128 : zero == 128);
  };
  if (!llvm::all_of(points, isByte))
    zeros = Zeros::Floats;
  else if (!llvm::all_equal(points))
    zeros = Zeros::Bytes;
  else
    commonZero = int64_t(points.front());
}

/// Bytes of the words in which transfers count.
static constexpr int64_t kWordBytes = 4;

int64_t A16Layout::rowBytes() const {
  int64_t zeroBytes = zeros == Zeros::Common  ? 0
                      : zeros == Zeros::Bytes ? groups
                                              : 2 * groups;
  int64_t whole = alignUp(zeroOffset() + zeroBytes, kWordBytes);
  return alignUp(whole, kWordBytes * ceilDiv(whole, matrixChunkBytes(arch)));
}

int64_t A16Layout::chunks() const {
  return ceilDiv(rowBytes(), matrixChunkBytes(arch));
}

int64_t A16Layout::paddedRows() const { return alignUp(rows, arch.lanes); }

std::vector<char> A16Layout::pack(llvm::ArrayRef<char> codes,
                                  llvm::ArrayRef<float> scales,
                                  llvm::ArrayRef<float> points,
                                  ElementType type) const {
  int64_t stride = rowBytes(), low = codeBytes(), chunk = chunkBytes();
  std::vector<char> packed(paddedRows() * stride, 0);
  std::vector<char> line(stride);
  const auto *words = reinterpret_cast<const uint8_t *>(codes.data());
  for (int64_t row = 0; row < rows; ++row) {
    llvm::fill(line, 0);
    const uint8_t *source = words + row * depth * bits / 8;
    if (bits == 8) {
      std::memcpy(line.data(), source, depth);
    } else {
      for (int64_t k = 0; k < depth; ++k) {
        unsigned code = source[k / 2] >> (k % 2 ? 4 : 0) & 15;
        line[k % low] |= char(k < low ? code : code << 4);
      }
    }
    for (int64_t g = 0; g < groups; ++g) {
      auto put = [&](int64_t offset, float value) {
        auto number = uint16_t(constantBits(value, type));
        std::memcpy(&line[offset + 2 * g], &number, 2);
      };
      float zero = points[row * groups + g];
      put(scaleOffset(), scales[row * groups + g]);
      if (zeros == Zeros::Floats)
        put(zeroOffset(), zero);
      else if (zeros == Zeros::Bytes)
        line[zeroOffset() + g] = char(uint8_t(zero));
    }
    // The lanes of a block side by side, a chunk of their rows after the other.
    int64_t block = row / arch.lanes, lane = row % arch.lanes;
    char *target = packed.data() + block * arch.lanes * stride;
    for (int64_t c = 0; c < chunks(); ++c)
      std::memcpy(target + (c * arch.lanes + lane) * chunk, &line[c * chunk],
                  chunk);
  }
  return packed;
}

void A16Layout::load(CommandBuilder &builder, const GlobalTensor &matrix,
                     int64_t first, const LocalTensor &local) const {
  int64_t blocks = ceilDiv(local.shape[C], arch.lanes);
  int64_t words = chunkBytes() / kWordBytes, lanes = arch.lanes;
  int64_t block = chunks() * lanes * words;
  GlobalTensor source = matrix;
  source.offsetBytes += first * rowBytes();
  source.type = ElementType::I32;
  for (int64_t c = 0; c < chunks(); ++c) {
    LocalTensor part = local.at(uint32_t(local.address + c * chunkBytes()));
    part.type = ElementType::I32;
    part.shape = {blocks, lanes, 1, words};
    part.strides = {rowBytes() / kWordBytes, words, words, 1};
    builder.loadBlocks(part, source.advanced(c * lanes * words), blocks,
                       lanes * words, block);
  }
}
