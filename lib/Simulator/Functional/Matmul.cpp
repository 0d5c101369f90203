//===- Matmul.cpp - Matrix products of rows in lanes ----------------------===//
//
// MM2, whose matrices have a row a lane.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "MatrixProduct.h"

#include <cstring>

using namespace tpuc::sim;

std::span<const uint8_t> tpuc::sim::adderGroups(Machine &machine,
                                                uint64_t inner) {
  uint64_t count = (inner + 31) / 32;
  auto *groups = machine.scratch[Machine::kGroupScratch].get<uint8_t>(count);
  for (uint64_t i = 0; i < count; ++i)
    groups[i] = uint8_t(std::min<uint64_t>(32, inner - i * 32));
  return {groups, size_t(count)};
}

namespace {

/// The shapes of an MM2, with the operands as they take part in the product.
struct Matrix2 {
  uint64_t rows, inner, columns;
  View left, right, result;
  /// The right matrix is stored with a column a lane.
  bool rightTransposed;
  bool leftSigned, rightSigned;
};

Status readMatrix2(Machine &machine, const Registers &r, Precision input,
                   Precision output, Matrix2 &m) {
  m.rows = r.res0_c;
  m.columns = r.res0_w;
  Shape left, right;
  uint32_t leftAddress = r.opd0_addr, rightAddress = r.opd1_addr;
  m.leftSigned = r.opd0_sign;
  m.rightSigned = r.opd1_sign;
  uint64_t stored = 0;
  if (r.tsk_eu_typ == codec::Mm2Function::Nn) {
    m.inner = r.opd1_c;
    stored = r.opd1_w;
    right = {1, m.inner, 1, m.columns};
  } else if (r.tsk_eu_typ == codec::Mm2Function::Nt) {
    m.inner = r.opd1_w;
    stored = r.opd1_c;
    right = {1, m.columns, 1, m.inner};
  } else {
    // The transposed product: the second operand's rows are the result's.
    m.inner = r.opd1_w;
    right = {1, m.inner, 1, m.columns};
    std::swap(leftAddress, rightAddress);
    std::swap(m.leftSigned, m.rightSigned);
    if (r.opd1_c != m.rows)
      return Status::error("operand 1 has " + std::to_string(r.opd1_c) +
                           " rows, the result " + std::to_string(m.rows));
    stored = m.columns;
  }
  if (stored != m.columns)
    return Status::error("operand 1 has " + std::to_string(stored) +
                         " columns, the result " + std::to_string(m.columns));
  m.rightTransposed = r.tsk_eu_typ == codec::Mm2Function::Nt;
  left = {1, m.rows, 1, m.inner};
  unsigned bytes = elementBytes(input);
  TPUC_RETURN_IF_FAILED(makeView(machine, "the left matrix", leftAddress, bytes,
                                 left, TensorLayout::EuAligned, m.left));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the right matrix", rightAddress,
                                 bytes, right, TensorLayout::EuAligned,
                                 m.right));
  return makeView(machine, "the result", r.res0_addr, elementBytes(output),
                  {1, m.rows, 1, m.columns}, TensorLayout::EuAligned, m.result);
}

/// Loads columns [first, first + count) as a panel, zero beyond.
template <typename Value, typename Load>
void loadPanel2(const Matrix2 &m, const Load &load, uint64_t first,
                uint64_t count, uint64_t width, Value *panel) {
  unsigned bytes = m.right.elementBytes;
  if (!m.rightTransposed) {
    for (uint64_t k = 0; k < m.inner; ++k) {
      Value *row = panel + k * width;
      load(m.right.channel(k) + first * bytes, count, row);
      std::fill(row + count, row + width, Value(0));
    }
    return;
  }
  constexpr uint64_t kPiece = 256;
  Value piece[kPiece];
  for (uint64_t column = 0; column < width; ++column) {
    for (uint64_t k = 0; k < m.inner; k += kPiece) {
      uint64_t some = std::min(kPiece, m.inner - k);
      if (column < count)
        load(m.right.channel(first + column) + k * bytes, some, piece);
      else
        std::fill(piece, piece + some, Value(0));
      for (uint64_t i = 0; i < some; ++i)
        panel[(k + i) * width + column] = piece[i];
    }
  }
}

Status executeHalf2(Machine &machine, const Registers &r, Precision input,
                    Precision output) {
  if (output != input && output != Precision::F32)
    return Status::error(std::string("MM2 of ") + name(input) + " to " +
                         name(output) + " is not supported");
  if (r.res_add && output != Precision::F32)
    return Status::error("accumulation needs an f32 result");
  Matrix2 m;
  TPUC_RETURN_IF_FAILED(readMatrix2(machine, r, input, output, m));
  const Kernels &k = kernelsOf(machine);
  auto loader = floatLoader(k, input);
  auto load = [&](const uint8_t *memory, uint64_t count, float *values) {
    loader(memory, elementBytes(input), count, values);
  };
  float *left = machine.scratch[0].get<float>(m.rows * m.inner);
  for (uint64_t row = 0; row < m.rows; ++row)
    load(m.left.channel(row), m.inner, left + row * m.inner);
  std::span<const uint8_t> groups = adderGroups(machine, m.inner);
  unsigned bytes = m.result.elementBytes;
  product<float, float>(
      machine, sharesBytes(m.result, m.right), m.rows, m.inner, m.columns,
      [&](uint64_t first, uint64_t count, uint64_t width, float *panel) {
        loadPanel2(m, load, first, count, width, panel);
      },
      [&](uint64_t row, uint64_t first, uint64_t count, uint64_t width,
          float *sums) {
        std::fill(sums, sums + width, 0.0f);
        if (r.res_add)
          k.loadF32(m.result.channel(row) + first * bytes, bytes, count, sums);
      },
      [&](uint64_t row, uint64_t rows, uint64_t first, const float *panel,
          uint64_t width, float *sums) {
        k.fusedRows(left + row * m.inner, m.inner, panel, width, groups.data(),
                    groups.size(), sums, rows, /*keepsSum=*/false);
      },
      [&](uint64_t row, uint64_t first, uint64_t count, const float *sums) {
        storeFusedSums(k, output, m.result.channel(row) + first * bytes, bytes,
                       count, sums);
      });
  return Status();
}

Status executeInt2(Machine &machine, const Registers &r, Precision output) {
  if (output != Precision::I32)
    return Status::error("MM2 of i8 gives i32 only");
  Matrix2 m;
  TPUC_RETURN_IF_FAILED(readMatrix2(machine, r, Precision::I8, output, m));
  // The zero point belongs to operand 1, a constant or a value a column of it.
  bool transposedProduct = r.tsk_eu_typ == codec::Mm2Function::Tt;
  uint64_t zeros = transposedProduct ? m.rows : m.columns;
  auto *zero = machine.scratch[Machine::kLineScratch].get<int16_t>(zeros);
  if (r.opd2_const) {
    std::fill(zero, zero + zeros,
              int16_t(constantAsInt(r.opd2_addr, Precision::I8, r.opd1_sign)));
  } else {
    View view;
    Shape shape =
        transposedProduct ? Shape{1, zeros, 1, 1} : Shape{1, 1, 1, zeros};
    TPUC_RETURN_IF_FAILED(makeView(
        machine, "the zero points", r.opd2_addr, 1, shape,
        transposedProduct ? TensorLayout::Compact : TensorLayout::EuAligned,
        view));
    for (uint64_t i = 0; i < zeros; ++i) {
      uint8_t byte = transposedProduct ? *view.channel(i) : view.channel(0)[i];
      zero[i] = int16_t(constantAsInt(byte, Precision::I8, r.opd1_sign));
    }
  }
  const Kernels &k = kernelsOf(machine);
  auto loadSignedness = [](bool isSigned) {
    return [isSigned](const uint8_t *memory, uint64_t count, int16_t *values) {
      for (uint64_t i = 0; i < count; ++i)
        values[i] = isSigned ? int16_t(int8_t(memory[i])) : int16_t(memory[i]);
    };
  };
  auto loadLeft = loadSignedness(m.leftSigned);
  auto loadRight = loadSignedness(m.rightSigned);
  int16_t *left = machine.scratch[0].get<int16_t>(m.rows * m.inner);
  for (uint64_t row = 0; row < m.rows; ++row) {
    int16_t *values = left + row * m.inner;
    loadLeft(m.left.channel(row), m.inner, values);
    if (transposedProduct)
      for (uint64_t i = 0; i < m.inner; ++i)
        values[i] = int16_t(values[i] - zero[row]);
  }
  product<int16_t, int32_t>(
      machine, sharesBytes(m.result, m.right), m.rows, m.inner, m.columns,
      [&](uint64_t first, uint64_t count, uint64_t width, int16_t *panel) {
        loadPanel2(m, loadRight, first, count, width, panel);
        if (!transposedProduct)
          for (uint64_t i = 0; i < m.inner; ++i)
            for (uint64_t j = 0; j < count; ++j)
              panel[i * width + j] =
                  int16_t(panel[i * width + j] - zero[first + j]);
      },
      [&](uint64_t row, uint64_t first, uint64_t count, uint64_t width,
          int32_t *sums) {
        std::fill(sums, sums + width, 0);
        if (r.res_add)
          std::memcpy(sums, m.result.channel(row) + first * 4, count * 4);
      },
      [&](uint64_t row, uint64_t rows, uint64_t first, const int16_t *panel,
          uint64_t width, int32_t *sums) {
        k.integerRows(left + row * m.inner, m.inner, panel, width, sums, rows);
      },
      [&](uint64_t row, uint64_t first, uint64_t count, const int32_t *sums) {
        std::memcpy(m.result.channel(row) + first * 4, sums, count * 4);
      });
  return Status();
}

} // namespace

Status tpuc::sim::executeMatrix2(Machine &machine, const Registers &r) {
  if (r.tsk_eu_typ != codec::Mm2Function::Nn &&
      r.tsk_eu_typ != codec::Mm2Function::Nt &&
      r.tsk_eu_typ != codec::Mm2Function::Tt)
    return Status::error("function " + std::to_string(r.tsk_eu_typ) +
                         " is not defined for MM2");
  if (r.opd0_const || r.opd1_const)
    return Status::error("constant matrices are not supported");
  Precision input, output;
  TPUC_RETURN_IF_FAILED(precisionOf(r.opd0_prec, "operand 0", input));
  TPUC_RETURN_IF_FAILED(precisionOf(r.res0_prec, "the result", output));
  if (isHalf(input))
    return executeHalf2(machine, r, input, output);
  if (input == Precision::I8)
    return executeInt2(machine, r, output);
  return Status::error(std::string("MM2 of ") + name(input) +
                       " is not supported; use MM");
}
