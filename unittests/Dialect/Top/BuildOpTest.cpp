//===- BuildOpTest.cpp - Building ops by name -----------------------------===//
//
// What a frontend relies on: types are inferred, defaults are filled in, and a
// wrong call is a diagnostic.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/IR/Top.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace tpuc;

namespace {

class BuildOpTest : public ::testing::Test {
protected:
  BuildOpTest() : builder(&context) {
    context.loadDialect<top::TopDialect>();
    module = ModuleOp::create(builder.getUnknownLoc());
    builder.setInsertionPointToEnd(module->getBody());
    handler.emplace(&context, [this](Diagnostic &diagnostic) {
      message += diagnostic.str();
      return success();
    });
  }

  /// A constant of zeroes.
  Value weight(ArrayRef<int64_t> shape) {
    auto type = RankedTensorType::get(shape, builder.getF32Type());
    return top::WeightOp::create(builder, builder.getUnknownLoc(),
                                 DenseElementsAttr::get(type, 0.0f));
  }

  FailureOr<Operation *> build(StringRef name, ValueRange operands,
                               ArrayRef<NamedAttribute> attrs = {}) {
    return top::buildOp(builder, builder.getUnknownLoc(), name, operands,
                        attrs);
  }

  size_t countOps() {
    return std::distance(module->getBody()->begin(), module->getBody()->end());
  }

  MLIRContext context;
  OpBuilder builder;
  OwningOpRef<ModuleOp> module;
  std::string message;
  std::optional<ScopedDiagnosticHandler> handler;
};

TEST_F(BuildOpTest, InfersTypes) {
  FailureOr<Operation *> op = build("top.add", {weight({4, 1}), weight({8})});
  ASSERT_TRUE(succeeded(op));
  EXPECT_EQ((*op)->getResult(0).getType(),
            RankedTensorType::get({4, 8}, builder.getF32Type()));
}

TEST_F(BuildOpTest, InfersTwoResults) {
  FailureOr<Operation *> op =
      build("top.topk", {weight({4, 8})},
            {builder.getNamedAttr("axis", builder.getI64IntegerAttr(1)),
             builder.getNamedAttr("k", builder.getI64IntegerAttr(2))});
  ASSERT_TRUE(succeeded(op));
  EXPECT_EQ((*op)->getResult(1).getType(),
            RankedTensorType::get({4, 2}, builder.getI64Type()));
}

TEST_F(BuildOpTest, FillsInDefaults) {
  FailureOr<Operation *> op =
      build("top.matmul", {weight({4, 8}), weight({8, 2})});
  ASSERT_TRUE(succeeded(op));
  EXPECT_FALSE(cast<top::MatMulOp>(*op).getRightTranspose());
}

TEST_F(BuildOpTest, EnumsAreNumbers) {
  FailureOr<Operation *> op =
      build("top.reduce", {weight({4, 8})},
            {builder.getNamedAttr("kind", builder.getI32IntegerAttr(2)),
             builder.getNamedAttr("axes", builder.getDenseI64ArrayAttr({1}))});
  ASSERT_TRUE(succeeded(op));
  EXPECT_EQ(cast<top::ReduceOp>(*op).getKind(), top::ReduceKind::Max);
}

TEST_F(BuildOpTest, UnknownOp) {
  EXPECT_TRUE(failed(build("top.nothing", {})));
  EXPECT_EQ(message, "unknown op 'top.nothing'");
}

TEST_F(BuildOpTest, MissingOperand) {
  Value operand = weight({4, 8});
  EXPECT_TRUE(failed(build("top.matmul", {operand})));
  EXPECT_EQ(message, "'top.matmul' op has 1 operands, expected at least 2");
  // Nothing is left behind but the operand.
  EXPECT_EQ(countOps(), 1u);
}

TEST_F(BuildOpTest, MissingAttribute) {
  EXPECT_TRUE(failed(build("top.softmax", {weight({4, 8})})));
  EXPECT_EQ(message, "'top.softmax' op requires attribute 'axis'");
}

TEST_F(BuildOpTest, AttributeOfWrongType) {
  EXPECT_TRUE(failed(
      build("top.softmax", {weight({4, 8})},
            {builder.getNamedAttr("axis", builder.getStringAttr("last"))})));
  EXPECT_NE(message.find("'axis'"), std::string::npos) << message;
}

TEST_F(BuildOpTest, EnumOutOfRange) {
  EXPECT_TRUE(failed(
      build("top.reduce", {weight({4, 8})},
            {builder.getNamedAttr("kind", builder.getI32IntegerAttr(99)),
             builder.getNamedAttr("axes", builder.getDenseI64ArrayAttr({}))})));
  EXPECT_NE(message.find("'kind'"), std::string::npos) << message;
}

} // namespace
