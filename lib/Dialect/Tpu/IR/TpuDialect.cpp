//===- TpuDialect.cpp - The tpu dialect -----------------------------------===//
//
// Registers the dialect and its constants. Families of ops are implemented in
// files of their own.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/IR/Top.h"
#include "Dialect/Tpu/IR/A16.h"
#include "Dialect/Tpu/IR/Detection.h"
#include "Verify.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace tpuc::tpu;

#include "Dialect/Tpu/IR/TpuDialect.cpp.inc"
#include "Dialect/Tpu/IR/TpuEnums.cpp.inc"

/// `as` type, where it is not the one of the value.
static ParseResult parseStoredAs(OpAsmParser &parser, Type &type,
                                 ElementsAttr value) {
  type = value.getShapedType();
  return succeeded(parser.parseOptionalKeyword("as")) ? parser.parseType(type)
                                                      : success();
}

static void printStoredAs(OpAsmPrinter &printer, Operation *, Type type,
                          ElementsAttr value) {
  if (type != value.getShapedType())
    printer << "as " << type;
}

#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuConstantOps.cpp.inc"

void TpuDialect::initialize() {
  registerAttributes();
  // The families together; their classes are in files of their own.
  addOperations<
#define GET_OP_LIST
#include "Dialect/Tpu/IR/TpuOps.cpp.inc"
      >();
}

Operation *TpuDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                           Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!elements || !tensor ||
      elements.getShapedType() != getStorageType(tensor))
    return nullptr;
  return WeightOp::create(builder, loc, tensor, elements);
}

LogicalResult WeightOp::verify() {
  /*weight_c1*/
  RankedTensorType stored = getStorageType(getType());
  if (getValue().getShapedType() != stored)
    return emitOpError("has a value of type ")
           << getValue().getShapedType() << ", expected " << stored;
  /*weight_c3*/
  if (std::optional<ElementsAttr> packed = getPacked())
    if (ShapedType bytes = packed->getShapedType();
        bytes.getRank() != 1 || !bytes.getElementType().isInteger(8))
      return emitOpError("has packed bytes of type ")
             << bytes << ", expected a tensor of i8 of one axis";
  /*weight_c2*/
  auto type =
      dyn_cast<quant::UniformQuantizedPerAxisType>(getType().getElementType());
  if (!type)
    return success();
  int64_t axis = type.getQuantizedDimension();
  if (axis < 0 || axis >= getType().getRank() ||
      getType().getDimSize(axis) != int64_t(type.getScales().size()))
    return emitOpError("has ")
           << type.getScales().size() << " scales along axis " << axis
           << " of shape " << str(getType().getShape());
  return success();
}

OpFoldResult WeightOp::fold(FoldAdaptor adaptor) { return getValue(); }

std::optional<SmallVector<int64_t>>
tpuc::tpu::broadcastShapes(ArrayRef<ArrayRef<int64_t>> shapes) {
  SmallVector<int64_t> result(shapes.front().size(), 1);
  for (ArrayRef<int64_t> shape : shapes) {
    if (shape.size() != result.size())
      return std::nullopt;
    for (auto [out, dim] : llvm::zip(result, shape)) {
      if (out == 1)
        out = dim;
      else if (dim != 1 && dim != out)
        return std::nullopt;
    }
  }
  return result;
}

bool tpuc::tpu::isReshape(ArrayRef<int64_t> shape, ArrayRef<int64_t> order) {
  int64_t last = -1;
  for (int64_t axis : order) {
    if (shape[axis] == 1)
      continue;
    if (axis < last)
      return false;
    last = axis;
  }
  return true;
}

int64_t tpuc::tpu::getWindowCount(int64_t input, int64_t pads, int64_t taps,
                                  int64_t stride, int64_t dilation) {
  int64_t free = input + pads - dilation * (taps - 1) - 1;
  return free < 0 ? 0 : free / stride + 1;
}
