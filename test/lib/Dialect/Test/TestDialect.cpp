//===- TestDialect.cpp - An operator that only tests know -----------------===//
//
// Everything that an operator needs from its value on the host to its commands.
//
//===----------------------------------------------------------------------===//

#include "Conversion/TopToTpu/LowerToTpu.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Interfaces/LowerToCommands.h"
#include "Kernel/Elementwise.h"
#include "TopToTpu/Lowering.h"
#include "TpuToBM1684X/ElementwiseParams.h"

#include "TestDialect.h.inc"

#define GET_OP_CLASSES
#include "TestOps.h.inc"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::test;

#include "TestDialect.cpp.inc"

#define GET_OP_CLASSES
#include "TestOps.cpp.inc"

//===----------------------------------------------------------------------===//
// On the host
//===----------------------------------------------------------------------===//

/// The operand that lies at `index` of a tensor of `shape`, repeated to it.
static float at(const Buffer &operand, ArrayRef<int64_t> shape, int64_t index) {
  int64_t offset = 0;
  SmallVector<int64_t> own = getRowMajorStrides(operand.getShape());
  SmallVector<int64_t> strides = getRowMajorStrides(shape);
  int64_t leading = int64_t(shape.size()) - operand.getRank();
  for (int64_t axis = 0; axis < operand.getRank(); ++axis) {
    int64_t position = index / strides[leading + axis] % shape[leading + axis];
    offset += own[axis] * (operand.getDim(axis) == 1 ? 0 : position);
  }
  return operand.getF32()[offset];
}

static Buffer bend(ArrayRef<Buffer> operands) {
  Buffer result = Buffer::f32(operands[0].getShape());
  for (auto [index, to] : llvm::enumerate(result.getMutableF32())) {
    float x = operands[0].getF32()[index];
    to = std::max(x, 0.0f) + at(operands[1], result.getShape(), index) * x * x;
  }
  return result;
}

llvm::Expected<SmallVector<Buffer>>
BendOp::evaluate(ArrayRef<Buffer> operands) {
  return SmallVector<Buffer>{bend(operands)};
}

llvm::Expected<SmallVector<Buffer>>
TileBendOp::evaluate(ArrayRef<Buffer> operands) {
  return SmallVector<Buffer>{bend(operands)};
}

//===----------------------------------------------------------------------===//
// On the chip
//===----------------------------------------------------------------------===//

static LogicalResult lowerBend(BendOp op, Lowering &lowering) {
  Type element = lowering.getFloatElement(op);
  Value input = lowering.get(op.getInput(), element);
  Value gain =
      lowering.getOfRank(op.getGain(), element, getShape(input).size());
  lowering.replace(op.getResult(),
                   lowering.emit<TileBendOp>(input.getType(), input, gain));
  return success();
}

LogicalResult TileBendOp::buildKernels(KernelContext &context,
                                       kernel::KernelList &kernels) {
  using namespace kernel;
  ElementwiseParams params = makeElementwiseParams(context, *this);
  ElementType type = params.result.tensor.type;
  params.scratch.assign(3, type);
  params.compute = [type](CommandBuilder &builder, const LocalTensor &result,
                          ArrayRef<LocalTensor> operands,
                          ArrayRef<LocalTensor> scratch, uint32_t) {
    builder.arith(Arith::Mul, scratch[0], operands[0], operands[0]);
    builder.arith(Arith::Mul, scratch[1], scratch[0], operands[1]);
    builder.arith(Arith::Max, scratch[2], operands[0], Operand(0.0, type));
    builder.arith(Arith::Add, result, scratch[1], scratch[2]);
  };
  makeElementwiseKernels(context.arch(), params, kernels);
  return success();
}

//===----------------------------------------------------------------------===//
// The dialect
//===----------------------------------------------------------------------===//

namespace {

struct LowerTestOps : public LowerToTpuDialectInterface {
  using LowerToTpuDialectInterface::LowerToTpuDialectInterface;

  void populateLowerings(LoweringSet &set) const override {
    set.add(lowerBend);
  }
  void addLegalOps(ConversionTarget &target) const override {
    target.addLegalOp<TileBendOp>();
  }
};

} // namespace

void TestDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "TestOps.cpp.inc"
      >();
  addInterfaces<LowerTestOps>();
}

namespace tpuc::test {
void registerTestDialect(DialectRegistry &registry) {
  registry.insert<TestDialect>();
}
} // namespace tpuc::test
