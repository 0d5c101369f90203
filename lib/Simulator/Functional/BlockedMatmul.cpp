//===- BlockedMatmul.cpp - Matrix products of columns in lanes ------------===//
//
// MM, whose matrices have their columns in blocks over the lanes.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "MatrixProduct.h"

#include <cstring>

using namespace tpuc::sim;

namespace {

/// A matrix whose columns lie in blocks of `blockWidth` over the lanes and
/// whose rows are batches.
struct BlockedMatrix {
  View view;
  uint64_t blockWidth;

  /// Calls `piece(memory, done, count)` for the pieces of columns
  /// [first, first + count) of a row.
  template <typename Piece>
  void forEachPiece(uint64_t row, uint64_t first, uint64_t count,
                    Piece &&piece) const {
    for (uint64_t done = 0; done < count;) {
      uint64_t column = first + done;
      uint64_t within = column % blockWidth;
      uint64_t some = std::min(count - done, blockWidth - within);
      piece(view.channel(column / blockWidth) + ptrdiff_t(row) * view.nStep() +
                within * view.elementBytes,
            done, some);
      done += some;
    }
  }
};

Status makeBlocked(Machine &machine, const char *operand, uint32_t address,
                   unsigned bytes, uint64_t rows, uint64_t blocks,
                   uint64_t width, BlockedMatrix &matrix) {
  matrix.blockWidth = width;
  return makeView(machine, operand, address, bytes, {rows, blocks, 1, width},
                  TensorLayout::EuAligned, matrix.view);
}

/// Sizes of an MM.
struct MatrixShape {
  uint64_t rows, inner, columns;
};

/// Reads the left matrix as dense rows.
template <typename Value, typename Load>
void packLeft(Machine &machine, const BlockedMatrix &matrix,
              const MatrixShape &shape, bool transposed, const Load &load,
              Value *rows) {
  if (!transposed) {
    for (uint64_t row = 0; row < shape.rows; ++row)
      matrix.forEachPiece(
          row, 0, shape.inner,
          [&](const uint8_t *memory, uint64_t done, uint64_t count) {
            load(memory, count, rows + row * shape.inner + done);
          });
    return;
  }
  auto *line = machine.scratch[Machine::kLineScratch].get<Value>(shape.rows);
  for (uint64_t i = 0; i < shape.inner; ++i) {
    matrix.forEachPiece(
        i, 0, shape.rows,
        [&](const uint8_t *memory, uint64_t done, uint64_t count) {
          load(memory, count, line + done);
        });
    for (uint64_t row = 0; row < shape.rows; ++row)
      rows[row * shape.inner + i] = line[row];
  }
}

} // namespace

Status tpuc::sim::executeMatrix(Machine &machine, const Registers &r) {
  if (r.tsk_eu_typ != codec::MmFunction::Normal)
    return Status::error("requantising matrix products are not supported; use "
                         "RQ after an i32 result");
  Precision input, output;
  TPUC_RETURN_IF_FAILED(precisionOf(r.opd0_prec, "operand 0", input));
  TPUC_RETURN_IF_FAILED(precisionOf(r.res0_prec, "the result", output));
  bool isFloatProduct = input == Precision::F32 && output == Precision::F32;
  bool isIntProduct = input == Precision::I8 && output == Precision::I32;
  if (!isFloatProduct && !isIntProduct)
    return Status::error(std::string("MM of ") + name(input) + " to " +
                         name(output) + " is not supported");
  if (r.opd0_const)
    return Status::error("a constant left matrix is not supported");
  if (r.opd0_c == 0 || r.opd0_w == 0 || r.opd1_w == 0 || r.opd1_w > r.opd0_w)
    return Status::error("the left matrix needs columns; its last block must "
                         "not be wider than the others");

  MatrixShape shape;
  uint64_t storedRows = r.opd0_n;
  uint64_t storedColumns = (uint64_t(r.opd0_c) - 1) * r.opd0_w + r.opd1_w;
  shape.rows = r.left_tran ? storedColumns : storedRows;
  shape.inner = r.left_tran ? storedRows : storedColumns;
  shape.columns = uint64_t(r.res0_c) * r.res0_w;
  unsigned bytes = elementBytes(input), resultBytes = elementBytes(output);
  BlockedMatrix leftMatrix, right, result, bias;
  TPUC_RETURN_IF_FAILED(makeBlocked(machine, "the left matrix", r.opd0_addr,
                                    bytes, storedRows, r.opd0_c, r.opd0_w,
                                    leftMatrix));
  TPUC_RETURN_IF_FAILED(makeBlocked(machine, "the right matrix", r.opd1_addr,
                                    bytes, shape.inner, r.res0_c, r.res0_w,
                                    right));
  TPUC_RETURN_IF_FAILED(makeBlocked(machine, "the result", r.res0_addr,
                                    resultBytes, shape.rows, r.res0_c, r.res0_w,
                                    result));
  if (isIntProduct && r.res_add)
    return Status::error("an i8 matrix product cannot accumulate");
  // Operand 2 of an integer product has no effect.
  bool hasBias = isFloatProduct && !r.opd2_const;
  if (hasBias)
    TPUC_RETURN_IF_FAILED(makeBlocked(machine, "the bias", r.opd2_addr, bytes,
                                      1, r.res0_c, r.res0_w, bias));
  bool deferred = sharesBytes(result.view, right.view);

  const Kernels &k = kernelsOf(machine);
  if (isFloatProduct) {
    auto load = [&](const uint8_t *memory, uint64_t count, float *values) {
      k.loadF32(memory, 4, count, values);
    };
    auto loadBias = [&](uint64_t first, uint64_t count, float *values) {
      std::fill(values, values + count, hasBias ? 0.0f : floatOf(r.opd2_addr));
      if (hasBias)
        bias.forEachPiece(
            0, first, count,
            [&](const uint8_t *memory, uint64_t done, uint64_t some) {
              load(memory, some, values + done);
            });
    };
    float *left = machine.scratch[0].get<float>(shape.rows * shape.inner);
    packLeft(machine, leftMatrix, shape, r.left_tran, load, left);
    product<float, float>(
        machine, deferred, shape.rows, shape.inner, shape.columns,
        [&](uint64_t first, uint64_t count, uint64_t width, float *panel) {
          for (uint64_t i = 0; i < shape.inner; ++i) {
            float *row = panel + i * width;
            right.forEachPiece(
                i, first, count,
                [&](const uint8_t *memory, uint64_t done, uint64_t some) {
                  load(memory, some, row + done);
                });
            std::fill(row + count, row + width, 0.0f);
          }
        },
        [&](uint64_t row, uint64_t first, uint64_t count, uint64_t width,
            float *sums) {
          // The odd accumulator starts at the result or, without one, at the
          // bias.
          std::fill(sums, sums + width, 0.0f);
          if (r.res_add)
            result.forEachPiece(
                row, first, count,
                [&](const uint8_t *memory, uint64_t done, uint64_t some) {
                  load(memory, some, sums + done);
                });
          else
            loadBias(first, count, sums);
        },
        [&](uint64_t row, uint64_t rows, uint64_t first, const float *panel,
            uint64_t width, float *sums) {
          static thread_local Scratch evenScratch;
          float *even = nullptr;
          if (r.res_add) {
            even = evenScratch.get<float>(rows * width);
            for (uint64_t i = 0; i < rows; ++i) {
              std::fill(even + i * width, even + (i + 1) * width, 0.0f);
              loadBias(first, std::min(width, shape.columns - first),
                       even + i * width);
            }
          }
          k.evenOddRows(left + row * shape.inner, shape.inner, panel, width,
                        even, sums, rows, /*panelFirst=*/false);
        },
        [&](uint64_t row, uint64_t first, uint64_t count, const float *sums) {
          result.forEachPiece(
              row, first, count,
              [&](uint8_t *memory, uint64_t done, uint64_t some) {
                k.storeF32(memory, 4, some, sums + done);
              });
        });
    return Status();
  }

  auto loadBytes = [](bool isSigned) {
    return [isSigned](const uint8_t *memory, uint64_t count, int16_t *values) {
      for (uint64_t i = 0; i < count; ++i)
        values[i] = isSigned ? int16_t(int8_t(memory[i])) : int16_t(memory[i]);
    };
  };
  int16_t *left = machine.scratch[0].get<int16_t>(shape.rows * shape.inner);
  packLeft(machine, leftMatrix, shape, r.left_tran, loadBytes(r.opd0_sign),
           left);
  auto loadRight = loadBytes(r.opd1_sign);
  product<int16_t, int32_t>(
      machine, deferred, shape.rows, shape.inner, shape.columns,
      [&](uint64_t first, uint64_t count, uint64_t width, int16_t *panel) {
        for (uint64_t i = 0; i < shape.inner; ++i) {
          int16_t *row = panel + i * width;
          right.forEachPiece(
              i, first, count,
              [&](const uint8_t *memory, uint64_t done, uint64_t some) {
                loadRight(memory, some, row + done);
              });
          std::fill(row + count, row + width, int16_t(0));
        }
      },
      [&](uint64_t row, uint64_t first, uint64_t count, uint64_t width,
          int32_t *sums) { std::fill(sums, sums + width, 0); },
      [&](uint64_t row, uint64_t rows, uint64_t first, const int16_t *panel,
          uint64_t width, int32_t *sums) {
        k.integerRows(left + row * shape.inner, shape.inner, panel, width, sums,
                      rows);
      },
      [&](uint64_t row, uint64_t first, uint64_t count, const int32_t *sums) {
        result.forEachPiece(row, first, count,
                            [&](uint8_t *memory, uint64_t done, uint64_t some) {
                              std::memcpy(memory, sums + done, some * 4);
                            });
      });
  return Status();
}
