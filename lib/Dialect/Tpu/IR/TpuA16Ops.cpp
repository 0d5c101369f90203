//===- TpuA16Ops.cpp - Products with weights of few bits ------------------===//
//
// Verifier and layouts of products with codes.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/IR/A16.h"
#include "Verify.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::tpu;

#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuA16Ops.cpp.inc"

LogicalResult A16MatMulOp::verify() {
  ArrayRef<int64_t> input = getShape(getInput()), codes = getShape(getCodes()),
                    scales = getShape(getScales());
  /*a16_matmul_c1*/
  int64_t bits = getBits();
  if (bits != 4 && bits != 8)
    return emitOpError("'bits' is ") << bits << ", expected 4 or 8";
  if (input.empty() || codes.size() != 2 ||
      codes[1] * 32 != input.back() * bits)
    return emitOpError("has codes ")
           << str(codes) << " of " << bits << " bits for rows of "
           << (input.empty() ? 0 : input.back());
  if (scales.size() != 2 || scales[0] != codes[0] ||
      input.back() % scales[1] != 0 || getShape(getZeros()) != scales)
    return emitOpError("has scales ")
           << str(scales) << " and zeros " << str(getShape(getZeros()))
           << ", expected equal shapes [" << codes[0] << ", a divisor of "
           << input.back() << "]";
  /*a16_matmul_c2*/
  SmallVector<int64_t> result(input.drop_back());
  result.push_back(codes[0]);
  if (getShape(getOutput()) != ArrayRef(result))
    return emitOpError("has a result ")
           << str(getShape(getOutput())) << ", expected " << str(result);
  Type element = getElement(getOutput());
  if (element != getElement(getInput()) && !element.isF32())
    return emitOpError("has a result of ")
           << element << ", expected the operand's type or f32";
  /*a16_matmul_c3*/
  if (input.back() / scales[1] % kA16Granule != 0)
    return emitOpError("has groups of ")
           << input.back() / scales[1] << " codes, expected a multiple of "
           << kA16Granule;
  return success();
}

size_t A16MatMulOp::getKeptAxes() { return getShape(getInput()).size() - 1; }

bool A16MatMulOp::readsRows(unsigned operand) { return operand == 0; }

bool A16MatMulOp::leadsLayout() { return true; }
