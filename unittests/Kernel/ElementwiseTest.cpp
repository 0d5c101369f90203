//===- ElementwiseTest.cpp - Tests of maps with broadcasting --------------===//
//
// Shapes with every kind of broadcasting, sizes that do not divide among lanes,
// and tensors of many tiles.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Elementwise.h"
#include "Arch/BM1684X.h"
#include "KernelRunner.h"

#include <cstring>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

using Shape = llvm::SmallVector<int64_t>;

int64_t count(const Shape &shape) {
  int64_t product = 1;
  for (int64_t size : shape)
    product *= size;
  return product;
}

/// The element of a broadcast operand for result position `index`.
int64_t operandIndex(int64_t index, const Shape &result, const Shape &operand) {
  int64_t position = 0, stride = 1;
  for (size_t axis = result.size(); axis-- > 0;) {
    int64_t coordinate = index % result[axis];
    index /= result[axis];
    if (operand[axis] != 1)
      position += coordinate * stride;
    stride *= operand[axis];
  }
  return position;
}

std::vector<char> bytesOf(const std::vector<double> &values, ElementType type) {
  std::vector<char> bytes(values.size() * byteWidth(type));
  for (size_t i = 0; i < values.size(); ++i) {
    uint32_t bits = constantBits(values[i], type);
    std::memcpy(bytes.data() + i * byteWidth(type), &bits, byteWidth(type));
  }
  return bytes;
}

/// Adds b to a; with `numPacked`, b is a constant, and its copies in other
/// orders are counted.
void checkAdd(const Shape &a, const Shape &b, ElementType type,
              int64_t localBytes = kBM1684X.laneBytes,
              bool takesStrides = false, unsigned *numPacked = nullptr) {
  Shape result;
  for (size_t axis = 0; axis < a.size(); ++axis)
    result.push_back(std::max(a[axis], b[axis]));
  KernelRunner runner;
  std::vector<double> left = randomValues(count(a), 1),
                      right = randomValues(count(b), 2);
  ElementwiseParams params;
  params.operands = {{runner.put(type, left), a}, {runner.put(type, right), b}};
  params.result = {runner.allocate(type, count(result)), result};
  params.compute = [](CommandBuilder &builder, const LocalTensor &result,
                      llvm::ArrayRef<LocalTensor> operands,
                      llvm::ArrayRef<LocalTensor>, uint32_t) {
    builder.arith(Arith::Add, result, operands[0], operands[1]);
  };
  params.takesStrides = takesStrides;
  std::vector<char> constant = bytesOf(right, type);
  if (numPacked) {
    params.constants = {{}, constant};
    params.addConstant = [&](std::vector<char> bytes, ElementType type,
                             const Shape4 &shape) {
      ++*numPacked;
      std::vector<double> values;
      for (size_t i = 0; i < bytes.size(); i += byteWidth(type)) {
        uint32_t bits = 0;
        std::memcpy(&bits, bytes.data() + i, byteWidth(type));
        values.push_back(decodeElement(bits, type));
      }
      return runner.put(type, values).reshaped(shape);
    };
  }
  KernelList kernels;
  makeElementwiseKernels(kBM1684X, params, kernels);
  runner.run(kernels, localBytes);
  std::vector<double> got = runner.get(params.result.tensor);
  for (int64_t i = 0; i < count(result); ++i) {
    double expected =
        left[operandIndex(i, result, a)] + right[operandIndex(i, result, b)];
    uint32_t bits = constantBits(expected, type);
    ASSERT_EQ(got[i], decodeElement(bits, type)) << "at element " << i;
  }
}

struct Case {
  Shape a, b;
};

class ElementwiseBroadcast : public testing::TestWithParam<Case> {};

TEST_P(ElementwiseBroadcast, AddsF32) {
  checkAdd(GetParam().a, GetParam().b, ElementType::F32);
}

TEST_P(ElementwiseBroadcast, AddsF16InManyTiles) {
  checkAdd(GetParam().a, GetParam().b, ElementType::F16, /*localBytes=*/4096);
}

TEST_P(ElementwiseBroadcast, AddsConstants) {
  unsigned numPacked = 0;
  checkAdd(GetParam().a, GetParam().b, ElementType::F16, kBM1684X.laneBytes,
           /*takesStrides=*/false, &numPacked);
  checkAdd(GetParam().a, GetParam().b, ElementType::F32, /*localBytes=*/4096,
           /*takesStrides=*/true, &numPacked);
}

TEST(ElementwiseConstants, OneAChannelIsPacked) {
  unsigned numPacked = 0;
  checkAdd({1, 200, 7, 9}, {1, 200, 1, 1}, ElementType::F16, kBM1684X.laneBytes,
           /*takesStrides=*/false, &numPacked);
  EXPECT_EQ(numPacked, 1u);
}

TEST(ElementwiseConstants, OneAnElementIsNot) {
  unsigned numPacked = 0;
  checkAdd({1, 64, 8, 8}, {1, 64, 8, 8}, ElementType::F16, kBM1684X.laneBytes,
           /*takesStrides=*/true, &numPacked);
  EXPECT_EQ(numPacked, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ElementwiseBroadcast,
    testing::Values(Case{{1}, {1}}, Case{{7}, {7}}, Case{{64}, {1}},
                    Case{{3, 1000}, {3, 1000}}, Case{{49, 96}, {1, 96}},
                    Case{{197, 192}, {1, 192}},
                    Case{{1, 96, 7, 9}, {1, 96, 1, 1}},
                    Case{{2, 300, 5, 3}, {1, 300, 1, 1}},
                    Case{{8, 3, 49, 49}, {8, 1, 49, 49}},
                    Case{{4, 3, 1, 49}, {1, 3, 49, 1}},
                    Case{{2, 5, 3, 4, 6}, {2, 1, 3, 1, 6}},
                    Case{{100, 1}, {1, 130}}, Case{{2, 3, 5}, {2, 3, 1}}));

} // namespace
