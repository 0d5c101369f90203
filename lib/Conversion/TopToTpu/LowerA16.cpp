//===- LowerA16.cpp - Lowering of products with codes ---------------------===//
//
// In 16 bits the codes stay codes. In f32, which the chip does not make of
// codes, and in groups that do not fill its vectors they become numbers here.
//
//===----------------------------------------------------------------------===//

#include "LowerA16.h"
#include "ComparedSums.h"
#include "Dialect/Top/IR/A16.h"
#include "Dialect/Tpu/IR/A16.h"
#include "Interfaces/Evaluable.h"
#include "Lowering.h"

using namespace mlir;
using namespace tpuc;

static FailureOr<Buffer> getBuffer(Value value) {
  auto weight = value.getDefiningOp<top::WeightOp>();
  if (!weight)
    return failure();
  return bufferFromAttr(weight.getValue());
}

/// The product of floats with the numbers that codes stand for.
static LogicalResult lowerAsNumbers(top::A16MatMulOp op, Type element,
                                    Lowering &lowering) {
  FailureOr<Buffer> codes = getBuffer(op.getCodes()),
                    scales = getBuffer(op.getScales()),
                    zeros = getBuffer(op.getZeros());
  if (failed(codes) || failed(scales) || failed(zeros))
    return lowering.fail(op, "its weights are computed by the network; make "
                             "them constants");
  ArrayRef<int64_t> shape = getShape(op.getInput());
  int64_t columns = codes->getDim(0), depth = shape.back(),
          rows = getProduct(shape.drop_back());
  Value weights =
      lowering.constant(top::dequantize(*codes, *scales, *zeros, op.getBits()),
                        {columns, depth}, element);
  Value x =
      lowering.reshape(lowering.get(op.getInput(), element), {rows, depth});
  Value result = lowering.emit<tpu::MatMulOp>(
      RankedTensorType::get({rows, columns}, element), x, weights, Value(),
      /*left_transpose=*/false, /*right_transpose=*/true, /*do_relu=*/false,
      APFloat(-1.0));
  lowering.replace(op.getResult(),
                   lowering.reshape(result, getShape(op.getOutput())));
  return success();
}

static LogicalResult lowerA16MatMul(top::A16MatMulOp op, Lowering &lowering) {
  Type element = lowering.getFloatElement(op);
  int64_t depth = getShape(op.getInput()).back();
  int64_t group = depth / getShape(op.getScales())[1];
  if (element.isF32() || group % tpu::kA16Granule != 0 ||
      depth > lowering.getArch().maxSize)
    return lowerAsNumbers(op, element, lowering);
  MLIRContext *context = op.getContext();
  Type f32 = Float32Type::get(context);
  Value result = lowering.emit<tpu::A16MatMulOp>(
      RankedTensorType::get(getShape(op.getOutput()),
                            getSumElement(op.getOutput(), element)),
      lowering.get(op.getInput(), element),
      lowering.get(op.getCodes(), IntegerType::get(context, 32)),
      lowering.get(op.getScales(), f32), lowering.get(op.getZeros(), f32),
      op.getBits());
  lowering.replace(op.getResult(), result);
  return success();
}

void tpuc::populateA16Lowerings(LoweringSet &set) { set.add(lowerA16MatMul); }
