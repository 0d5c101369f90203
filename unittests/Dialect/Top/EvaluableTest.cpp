//===- EvaluableTest.cpp - Constants to buffers and back ------------------===//
//
// Constants keep their elements on the way into buffers and out of them, and
// only small or uniform ones are held inline.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/IR/Top.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "gtest/gtest.h"
#include <numeric>

using namespace mlir;
using namespace tpuc;

namespace {

class EvaluableTest : public ::testing::Test {
protected:
  EvaluableTest() : builder(&context) {
    context.loadDialect<top::TopDialect>();
  }
  MLIRContext context;
  OpBuilder builder;
};

TEST_F(EvaluableTest, LargeConstantIsAResource) {
  std::vector<float> values(1000);
  std::iota(values.begin(), values.end(), 0.0f);
  auto type = RankedTensorType::get({10, 100}, builder.getF32Type());
  ElementsAttr attr = attrFromBuffer(Buffer::f32({10, 100}, values), type);
  EXPECT_TRUE(isa<DenseResourceElementsAttr>(attr));
  FailureOr<Buffer> buffer = bufferFromAttr(attr);
  ASSERT_TRUE(succeeded(buffer));
  EXPECT_EQ(buffer->getF32(), ArrayRef<float>(values));
}

TEST_F(EvaluableTest, UniformConstantIsASplat) {
  auto type = RankedTensorType::get({10, 100}, builder.getF32Type());
  std::vector<float> values(1000, 2.5f);
  EXPECT_TRUE(isa<SplatElementsAttr>(
      attrFromBuffer(Buffer::f32({10, 100}, values), type)));
}

TEST_F(EvaluableTest, IntegersKeepTheirSign) {
  auto type = RankedTensorType::get({2}, builder.getI32Type());
  FailureOr<Buffer> buffer = bufferFromAttr(
      attrFromBuffer(Buffer::ints({2}, std::vector<int64_t>{-3, 7}), type));
  ASSERT_TRUE(succeeded(buffer));
  EXPECT_EQ(buffer->getInts(), ArrayRef<int64_t>({-3, 7}));
}

TEST_F(EvaluableTest, MasksAreZeroOrOne) {
  auto type = RankedTensorType::get({2}, builder.getI1Type());
  FailureOr<Buffer> buffer = bufferFromAttr(
      attrFromBuffer(Buffer::ints({2}, std::vector<int64_t>{1, 0}), type));
  ASSERT_TRUE(succeeded(buffer));
  EXPECT_EQ(buffer->getInts(), ArrayRef<int64_t>({1, 0}));
}

TEST_F(EvaluableTest, ResourceOfWrongSizeIsRefused) {
  auto type = RankedTensorType::get({4}, builder.getF32Type());
  std::vector<float> values{1, 2};
  ElementsAttr attr = DenseResourceElementsAttr::get(
      type, "short",
      HeapAsmResourceBlob::allocateAndCopyInferAlign(ArrayRef<float>(values)));
  EXPECT_TRUE(failed(bufferFromAttr(attr)));
}

TEST_F(EvaluableTest, ReshapedBufferSharesData) {
  Buffer buffer = Buffer::f32({2, 3});
  Buffer flat = buffer.reshaped({6});
  EXPECT_EQ(flat.getF32().data(), buffer.getF32().data());
  EXPECT_EQ(flat.getShape(), ArrayRef<int64_t>({6}));
}

} // namespace
