//===- TpuConvOps.cpp - Convolution, matmul, pooling ----------------------===//
//
// Verifiers of the ops that contract or slide a window.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/IR/ConvLimits.h"
#include "Verify.h"

using namespace mlir;
using namespace tpuc::tpu;

#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuConvOps.cpp.inc"

static constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

/// Checks what all contractions have: the ReLU.
template <typename OpTy> static LogicalResult verifyRelu(OpTy op) {
  if (!op.getDoRelu() && !op.getReluLimit().isNegative())
    return op.emitOpError("'relu_limit' is ")
           << op.getReluLimit().convertToDouble()
           << " without 'do_relu', expected a negative number";
  return success();
}

/// Checks a contraction's ReLU and that its result is not narrower than its
/// operands.
template <typename OpTy>
static LogicalResult verifyPrecisionAndRelu(OpTy op, Type operandElement) {
  Type element = op.getOutput().getType().getElementType();
  bool fits = isQuantized(operandElement)
                  ? isQuantized(element) || isa<FloatType>(element)
                  : element == operandElement || element.isF32();
  if (!fits) {
    InFlightDiagnostic error = op.emitOpError("result has element type ")
                               << element << ", expected ";
    if (isQuantized(operandElement))
      return error << "INT8 with one scale or a float type";
    return error << operandElement << " or 'f32'";
  }
  if (isQuantized(element) && op.getDoRelu())
    return op.emitOpError("has an activation and an INT8 result, which "
                          "saturate; expected an unsigned type instead");
  return verifyRelu(op);
}

/// Checks that the operands called `names` have one element type, or are INT8
/// and a filter of INT8 with a scale for each entry of `axis`.
static LogicalResult verifyOperandElements(Operation *op, Value input,
                                           Value filter, StringRef names,
                                           int64_t axis) {
  Type element = getElement(input), filterElement = getElement(filter);
  if (!isQuantized(element) && element == filterElement)
    return success();
  if (!isQuantized(element) || !isQuantizedPerAxis(filterElement))
    return op->emitOpError("failed to verify that all of {")
           << names << "} have same element type";
  auto type = cast<quant::UniformQuantizedPerAxisType>(filterElement);
  if (type.getQuantizedDimension() == axis &&
      int64_t(type.getScales().size()) == getShape(filter)[axis])
    return success();
  return op->emitOpError("has ")
         << type.getScales().size() << " scales along axis "
         << type.getQuantizedDimension() << " of the filter, expected "
         << getShape(filter)[axis] << " along axis " << axis;
}

/// Checks that `group` divides the channels on both sides.
static LogicalResult verifyGroups(Operation *op, int64_t group,
                                  int64_t channels, int64_t outChannels) {
  if (group >= 1 && channels % group == 0 && outChannels % group == 0)
    return success();
  return op->emitOpError("'group' is ")
         << group << ", expected a divisor of the " << channels
         << " input channels and of the output channels";
}

LogicalResult ConvOp::verify() {
  ArrayRef<int64_t> input = getShape(getInput()),
                    filter = getShape(getFilter());
  /*conv_c1*/
  if (input.size() < 4 || input.size() > 5 || filter.size() != input.size())
    return emitOpError("has input of rank ")
           << input.size() << " and filter of rank " << filter.size()
           << ", expected 4 or 5 for both";
  size_t axes = input.size() - 2;
  /*conv_c2, conv_c3*/
  if (failed(
          verifyEntries(*this, "strides", getStrides(), axes, 1, kMaxStride)) ||
      failed(verifyEntries(*this, "dilations", getDilations(), axes, 1,
                           kMaxDilation)) ||
      failed(verifyEntries(*this, "pads", getPads(), 2 * axes, 0, kMaxPad)))
    return failure();
  /*conv_c4*/
  int64_t group = getGroup();
  if (failed(verifyGroups(*this, group, input[1], filter[0])))
    return failure();
  if (filter[1] != input[1] / group)
    return emitOpError("filter has ")
           << filter[1] << " input channels, expected " << input[1] / group
           << " of " << input[1] << " in " << group << " groups";
  /*conv_c5*/
  if (failed(verifyVector(*this, "bias", getBias(), filter[0])))
    return failure();
  /*conv_c6*/
  SmallVector<int64_t> expected = {input[0], filter[0]};
  for (size_t i = 0; i < axes; ++i)
    expected.push_back(
        getWindowCount(input[2 + i], getPads()[i] + getPads()[axes + i],
                       filter[2 + i], getStrides()[i], getDilations()[i]));
  if (failed(verifyResultShape(*this, expected)))
    return failure();
  Type inputElement = getElement(getInput());
  Type filterElement = getElement(getFilter());
  bool isSplit = inputElement.isBF16() && filterElement.isF32();
  bool roundsInput =
      inputElement.isF32() && (filterElement.isF16() || filterElement.isBF16());
  /*conv_c7*/
  if (roundsInput && (axes != 2 || group != 1))
    return emitOpError("filter of ")
           << filterElement << " for an input of 'f32' has " << axes
           << " spatial axes and " << group
           << " groups, expected 2 and 1; round the input by a cast";
  if (roundsInput)
    return verifyPrecisionAndRelu(*this, filterElement);
  /*conv_c7, conv_c9*/
  if (!isSplit && failed(verifyOperandElements(*this, getInput(), getFilter(),
                                               "input, filter", 0)))
    return failure();
  /*conv_c10*/
  if (isSplit && (axes != 2 || group != 1))
    return emitOpError("filter of 'f32' for an input of 'bf16' has ")
           << axes << " spatial axes and " << group
           << " groups, expected 2 and 1; round it to 'bf16'";
  /*conv_c11*/
  if (getGate() != GateKind::None) {
    auto type = dyn_cast<quant::UniformQuantizedType>(getElement(getOutput()));
    if (!type || !type.isSigned() || type.getZeroPoint() != 0)
      return emitOpError("has the gate ")
             << stringifyGateKind(getGate()) << " and a result of "
             << getElement(getOutput())
             << ", expected i8 with one scale and the zero point 0";
  }
  /*conv_c7, conv_c8*/
  bool isRounded =
      inputElement.isF32() && isa<FloatType>(getElement(getOutput()));
  return isRounded ? verifyRelu(*this)
                   : verifyPrecisionAndRelu(*this, inputElement);
}

LogicalResult ConvTransposeOp::verify() {
  ArrayRef<int64_t> input = getShape(getInput()),
                    filter = getShape(getFilter());
  /*conv_transpose_c1*/
  if (input.size() != 4 || filter.size() != 4)
    return emitOpError("has input of rank ")
           << input.size() << " and filter of rank " << filter.size()
           << ", expected 4 for both";
  /*conv_transpose_c2, conv_transpose_c3, conv_transpose_c5*/
  if (failed(
          verifyEntries(*this, "strides", getStrides(), 2, 1, kMaxDilation)) ||
      failed(verifyEntries(*this, "dilations", getDilations(), 2, 1,
                           kMaxDilation)) ||
      failed(verifyEntries(*this, "pads", getPads(), 4, 0, kUnlimited)) ||
      failed(verifyEntries(*this, "output_padding", getOutputPadding(), 2, 0,
                           kUnlimited)))
    return failure();
  /*conv_transpose_c4*/
  int64_t group = getGroup();
  if (failed(verifyGroups(*this, group, input[1], 0)))
    return failure();
  if (filter[0] != input[1])
    return emitOpError("filter has ")
           << filter[0] << " input channels, expected " << input[1];
  /*conv_transpose_c6*/
  if (failed(verifyVector(*this, "bias", getBias(), filter[1] * group)))
    return failure();
  /*conv_transpose_c7*/
  SmallVector<int64_t> expected = {input[0], filter[1] * group};
  for (size_t i = 0; i < 2; ++i)
    expected.push_back((input[2 + i] - 1) * getStrides()[i] +
                       getDilations()[i] * (filter[2 + i] - 1) + 1 -
                       getPads()[i] - getPads()[2 + i] + getOutputPadding()[i]);
  if (failed(verifyResultShape(*this, expected)))
    return failure();
  /*conv_transpose_c8, conv_transpose_c9*/
  return verifyPrecisionAndRelu(*this, getElement(getInput()));
}

SmallVector<int64_t> MatMulOp::getMatrixShape(Value value) {
  SmallVector<int64_t> shape(getShape(value));
  if (getHdimIsBatch())
    std::swap(shape.end()[-2], shape.end()[-3]);
  return shape;
}

int64_t MatMulOp::getBatch() {
  int64_t batch = 1;
  for (int64_t dim : ArrayRef(getMatrixShape(getOutput())).drop_back(2))
    batch *= dim;
  return batch;
}

int64_t MatMulOp::getHeads() {
  SmallVector<int64_t> shape = getMatrixShape(getOutput());
  return shape.size() > 2 ? shape.end()[-3] : 1;
}

int64_t MatMulOp::getM() { return getMatrixShape(getOutput()).end()[-2]; }

int64_t MatMulOp::getK() {
  return getShape(getLeft()).end()[getLeftTranspose() ? -2 : -1];
}

int64_t MatMulOp::getN() { return getShape(getOutput()).back(); }

LogicalResult MatMulOp::verify() {
  size_t rank = getShape(getLeft()).size(), least = getHdimIsBatch() ? 3 : 2;
  /*matmul_c1, matmul_c9*/
  if (rank < least || rank != getShape(getRight()).size())
    return emitOpError("has operands of rank ")
           << rank << " and " << getShape(getRight()).size()
           << ", expected equal ranks of at least " << least;
  /*matmul_c9*/
  if (getHdimIsBatch() && getLeftTranspose())
    return emitOpError("has heads within its matrices and a transposed left "
                       "operand, expected one of both");
  if (getHdimIsBatch() && !isa<FloatType>(getElement(getLeft())))
    return emitOpError("has heads within matrices of ")
           << getElement(getLeft()) << ", expected floats";
  SmallVector<int64_t> leftShape = getMatrixShape(getLeft());
  SmallVector<int64_t> rightShape = getMatrixShape(getRight());
  ArrayRef<int64_t> left = leftShape, right = rightShape;
  /*matmul_c2*/
  int64_t m = left.end()[getLeftTranspose() ? -1 : -2];
  int64_t k = left.end()[getLeftTranspose() ? -2 : -1];
  int64_t rightK = right.end()[getRightTranspose() ? -1 : -2];
  int64_t n = right.end()[getRightTranspose() ? -2 : -1];
  if (k != rightK)
    return emitOpError("sums over ") << k << " elements of left and " << rightK
                                     << " of right, expected equal numbers";
  /*matmul_c3*/
  if (left.drop_back(2) != right.drop_back(2))
    return emitOpError("has leading axes ")
           << str(left.drop_back(2)) << " and " << str(right.drop_back(2))
           << ", expected equal ones";
  /*matmul_c4*/
  if (failed(verifyVector(*this, "bias", getBias(), n)))
    return failure();
  bool isInt8 = isQuantized(getElement(getLeft()));
  if (getBias() && isInt8 && !getElement(getBias()).isF32())
    return emitOpError("bias has element type ")
           << getElement(getBias()) << ", expected 'f32' beside INT8";
  if (getBias() && !isInt8 && getElement(getBias()) != getElement(getOutput()))
    return emitOpError("bias has element type ")
           << getElement(getBias()) << ", expected the result's, "
           << getElement(getOutput());
  /*matmul_c5*/
  SmallVector<int64_t> expected(left.drop_back(2));
  expected.append({m, n});
  if (getHdimIsBatch())
    std::swap(expected.end()[-2], expected.end()[-3]);
  if (failed(verifyResultShape(*this, expected)))
    return failure();
  /*matmul_c6, matmul_c8*/
  int64_t columnAxis = int64_t(right.size()) - (getRightTranspose() ? 2 : 1);
  if (failed(verifyOperandElements(*this, getLeft(), getRight(), "left, right",
                                   columnAxis)))
    return failure();
  /*matmul_c6, matmul_c7*/
  return verifyPrecisionAndRelu(*this, getElement(getLeft()));
}

LogicalResult PoolOp::verify() {
  ArrayRef<int64_t> input = getShape(getInput());
  /*pool_c1*/
  if (input.size() != 4)
    return emitOpError("has input of rank ") << input.size() << ", expected 4";
  /*pool_c2, pool_c3*/
  if (failed(verifyEntries(*this, "kernel", getKernel(), 2, 1, kUnlimited)) ||
      failed(verifyEntries(*this, "strides", getStrides(), 2, 1, kMaxStride)) ||
      failed(verifyEntries(*this, "pads", getPads(), 4, 0, kMaxPad)))
    return failure();
  for (size_t i = 0; i < 4; ++i)
    if (getPads()[i] >= getKernel()[i % 2])
      return emitOpError("'pads' has entry ")
             << getPads()[i] << ", expected less than the kernel's "
             << getKernel()[i % 2];
  /*pool_c4*/
  SmallVector<int64_t> expected = {input[0], input[1]};
  for (size_t i = 0; i < 2; ++i)
    expected.push_back(getWindowCount(input[2 + i],
                                      getPads()[i] + getPads()[2 + i],
                                      getKernel()[i], getStrides()[i]));
  /*pool_c5*/
  if (getKind() == PoolKind::Avg && isQuantized(getElement(getInput())))
    return emitOpError("takes the mean of INT8, expected floats");
  return verifyResultShape(*this, expected);
}
