//===- CommandsTest.cpp - What single commands compute --------------------===//
//
// One command at a time against scalar code that is written from the rules of
// the command set, independently of the simulator.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "LaneTensor.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::sim;
using namespace tpuc::sim::test;
using codec::Layout;
using codec::Registers;

namespace {

constexpr uint32_t kF16 = 1, kF32 = 2, kI8 = 0, kI32 = 4;
constexpr uint32_t kA = 0, kB = 0x10000, kC = 0x28000, kResult = 0x30000;

std::vector<uint16_t> toF16(const std::vector<float> &values) {
  std::vector<uint16_t> halves;
  for (float value : values)
    halves.push_back(floatToF16(value));
  return halves;
}

/// The sums of products in the order of the fused adder.
float fusedDot(const std::vector<float> &products, float start) {
  float sum = start;
  for (size_t i = 0; i < products.size(); i += 32)
    sum = sum + fusedAdd(&products[i],
                         unsigned(std::min<size_t>(32, products.size() - i)));
  return sum;
}

TEST(ArTest, F16AddRoundsTheF32Sum) {
  Simulator simulator(2);
  Dims dims = {2, 70, 3, 5};
  auto a = toF16(randomFloats(dims.count(), 1));
  auto b = toF16(randomFloats(dims.count(), 2));
  put(simulator, kA, dims, a);
  put(simulator, kB + 3 * kLaneBytes, dims, b); // another start lane
  Registers r;
  r.tsk_eu_typ = 2;
  r.tsk_opd_num = 2;
  r.res0_prec = r.opd0_prec = r.opd1_prec = kF16;
  r.opd0_addr = kA;
  r.opd1_addr = kB + 3 * kLaneBytes;
  setResult(r, dims, kResult);
  expectOk(simulator, Layout::SAr, r);
  auto result = get<uint16_t>(simulator, kResult, dims);
  for (unsigned i = 0; i < dims.count(); ++i)
    EXPECT_EQ(result[i], floatToF16(f16ToFloat(a[i]) + f16ToFloat(b[i])));
}

TEST(ArTest, AStrideOfZeroBroadcasts) {
  Simulator simulator(1);
  Dims dims = {2, 70, 2, 3}, row = {1, 70, 1, 1};
  auto a = randomFloats(dims.count(), 1), b = randomFloats(70, 2);
  put(simulator, kA, dims, a);
  put(simulator, kB, row, b);
  Registers r;
  r.tsk_eu_typ = 0;
  r.tsk_opd_num = 2;
  r.res0_prec = r.opd0_prec = r.opd1_prec = kF32;
  r.opd1_str = 3;
  r.opd1_c_str = 16;
  r.opd0_addr = kA;
  r.opd1_addr = kB;
  setResult(r, dims, kResult);
  expectOk(simulator, Layout::SAr, r);
  auto result = get<float>(simulator, kResult, dims);
  for (unsigned i = 0; i < dims.count(); ++i)
    EXPECT_EQ(result[i], a[i] * b[i / 6 % 70]);
}

TEST(ArTest, SaturatingAddShiftsAndRounds) {
  Simulator simulator(1);
  Dims dims = {1, 4, 1, 64};
  std::vector<int8_t> a(256), b(256);
  for (int i = 0; i < 256; ++i) {
    a[i] = int8_t(i);
    b[i] = int8_t(i * 7);
  }
  put(simulator, kA, dims, a);
  put(simulator, kB, dims, b);
  for (uint32_t mode = 0; mode < kRoundingModes; ++mode) {
    Registers r;
    r.tsk_eu_typ = 15;
    r.tsk_opd_num = 3;
    r.opd0_sign = r.opd1_sign = r.opd2_sign = 1;
    r.opd0_addr = kA;
    r.opd1_addr = kB;
    r.opd2_const = 1;
    r.opd2_addr = 0xff; // shift right by one
    r.opd2_n_str = mode;
    setResult(r, dims, kResult);
    expectOk(simulator, Layout::SAr, r);
    auto result = get<int8_t>(simulator, kResult, dims);
    for (int i = 0; i < 256; ++i) {
      int64_t sum = shiftRightRounded(a[i] + b[i], 1, Rounding(mode));
      EXPECT_EQ(result[i], std::clamp<int64_t>(sum, -128, 127));
    }
  }
}

TEST(ArTest, DivisionIsNotIeee) {
  Simulator simulator(1);
  Dims dims = {1, 1, 1, 1};
  put(simulator, kA, dims, std::vector<float>{1.0f});
  put(simulator, kB, dims, std::vector<float>{1.0f});
  Registers r;
  r.tsk_eu_typ = 12;
  r.tsk_opd_num = 2;
  r.res0_prec = r.opd0_prec = r.opd1_prec = kF32;
  r.opd0_addr = kA;
  r.opd1_addr = kB;
  r.opd2_n_str = 3;
  setResult(r, dims, kResult);
  expectOk(simulator, Layout::SAr, r);
  EXPECT_EQ(bitsOf(get<float>(simulator, kResult, dims)[0]), 0x3F7FFFFEu);
}

TEST(ArTest, DenormalsOfF32AreFlushed) {
  Simulator simulator(1);
  Dims dims = {1, 1, 1, 16};
  put(simulator, kA, dims, std::vector<float>(16, 1e-40f));
  Registers r;
  r.tsk_eu_typ = 2;
  r.tsk_opd_num = 2;
  r.res0_prec = r.opd0_prec = r.opd1_prec = kF32;
  r.opd0_addr = r.opd1_addr = kA;
  setResult(r, dims, kResult);
  expectOk(simulator, Layout::SAr, r);
  EXPECT_EQ(get<float>(simulator, kResult, dims), std::vector<float>(16, 0.f));
}

TEST(CastTest, F32ToI8RoundsAndSaturates) {
  Simulator simulator(1);
  Dims dims = {1, 1, 1, 6};
  put(simulator, kA, dims,
      std::vector<float>{2.5f, -2.5f, 300.0f, -300.0f, 0.4f, floatOf(~0u)});
  Registers r;
  r.tsk_eu_typ = 14;
  r.tsk_opd_num = 1;
  r.res0_prec = kI8;
  r.opd0_prec = kF32;
  r.opd2_sign = 1;
  r.opd0_addr = kA;
  setResult(r, dims, kResult);
  expectOk(simulator, Layout::SAr, r);
  EXPECT_EQ(get<int8_t>(simulator, kResult, dims),
            (std::vector<int8_t>{2, -2, 127, -128, 0, 0}));
}

TEST(Mm2Test, F16ProductsGoThroughTheFusedAdder) {
  Simulator simulator(2);
  constexpr unsigned m = 70, k = 50, n = 20;
  auto a = toF16(randomFloats(m * k, 1)), b = toF16(randomFloats(k * n, 2));
  put(simulator, kA, {1, m, 1, k}, a);
  put(simulator, kB, {1, k, 1, n}, b);
  Registers r;
  r.tsk_eu_typ = 4; // nn
  r.res0_prec = kF32;
  r.opd0_prec = kF16;
  r.res0_c = m;
  r.res0_w = n;
  r.opd1_c = k;
  r.opd1_w = n;
  r.opd0_addr = kA;
  r.opd1_addr = kB;
  r.res0_addr = kResult;
  expectOk(simulator, Layout::SMm2, r);
  auto result = get<float>(simulator, kResult, {1, m, 1, n});
  for (unsigned i = 0; i < m; ++i)
    for (unsigned j = 0; j < n; ++j) {
      std::vector<float> products;
      for (unsigned l = 0; l < k; ++l)
        products.push_back(f16ToFloat(a[i * k + l]) * f16ToFloat(b[l * n + j]));
      EXPECT_EQ(bitsOf(result[i * n + j]), bitsOf(fusedDot(products, 0.0f)));
    }
}

TEST(Mm2Test, I8ProductsSubtractTheZeroPoint) {
  Simulator simulator(1);
  constexpr unsigned m = 3, k = 70, n = 5;
  std::vector<int8_t> a(m * k), b(n * k);
  for (unsigned i = 0; i < a.size(); ++i)
    a[i] = int8_t(i * 37);
  for (unsigned i = 0; i < b.size(); ++i)
    b[i] = int8_t(i * 11);
  put(simulator, kA, {1, m, 1, k}, a);
  put(simulator, kB, {1, n, 1, k}, b);
  Registers r;
  r.tsk_eu_typ = 5; // nt
  r.opd0_sign = r.opd1_sign = 1;
  r.res0_prec = kI32;
  r.opd2_const = 1;
  r.opd2_addr = 5;
  r.res0_c = m;
  r.res0_w = n;
  r.opd1_c = n;
  r.opd1_w = k;
  r.opd0_addr = kA;
  r.opd1_addr = kB;
  r.res0_addr = kResult;
  expectOk(simulator, Layout::SMm2, r);
  auto result = get<int32_t>(simulator, kResult, {1, m, 1, n});
  for (unsigned i = 0; i < m; ++i)
    for (unsigned j = 0; j < n; ++j) {
      int sum = 0;
      for (unsigned l = 0; l < k; ++l)
        sum += a[i * k + l] * (b[j * k + l] - 5);
      EXPECT_EQ(result[i * n + j], sum);
    }
}

TEST(ConvTest, F16GroupsOf32ChannelsThenTaps) {
  Simulator simulator(2);
  constexpr unsigned ic = 40, oc = 5, size = 6, taps = 9;
  auto x = toF16(randomFloats(ic * size * size, 1));
  auto w = toF16(randomFloats(oc * ic * taps, 2));
  auto bias = randomFloats(oc, 3);
  put(simulator, kA, {1, ic, size, size}, x);
  put(simulator, kC, {1, oc, 1, 1}, bias, Packing::Compact);
  // [channel group][tap][32 channels], one output channel a lane.
  std::vector<uint16_t> packed(oc * 2 * taps * 32);
  for (unsigned o = 0; o < oc; ++o)
    for (unsigned c = 0; c < ic; ++c)
      for (unsigned t = 0; t < taps; ++t)
        packed[((o * 2 + c / 32) * taps + t) * 32 + c % 32] =
            w[(o * ic + c) * taps + t];
  put(simulator, kB, {1, oc, 1, 2 * taps * 32}, packed, Packing::Compact);
  Registers r;
  r.res0_prec = kF32;
  r.opd0_prec = kF16;
  r.res_op_x_str = r.res_op_y_str = 1;
  r.opd0_up_pad = r.opd0_dn_pad = r.opd0_lf_pad = r.opd0_rt_pad = 1;
  r.opd0_c = ic;
  r.opd0_h = r.opd0_w = size;
  r.opd1_h = r.opd1_w = 3;
  r.opd0_addr = kA;
  r.opd1_addr = kB;
  r.opd2_addr = kC;
  r.opd3_const = 1;
  Dims out = {1, oc, size, size};
  setResult(r, out, kResult);
  expectOk(simulator, Layout::SConv, r);
  auto result = get<float>(simulator, kResult, out);
  auto input = [&](unsigned c, int y, int z) {
    bool inside = y >= 0 && z >= 0 && y < int(size) && z < int(size);
    return inside ? f16ToFloat(x[(c * size + unsigned(y)) * size + unsigned(z)])
                  : 0.0f;
  };
  for (unsigned o = 0, flat = 0; o < oc; ++o)
    for (int y = 0; y < int(size); ++y)
      for (int z = 0; z < int(size); ++z, ++flat) {
        float sum = bias[o];
        for (unsigned group = 0; group < ic; group += 32)
          for (unsigned t = 0; t < taps; ++t) {
            std::vector<float> products;
            for (unsigned c = group; c < std::min(ic, group + 32); ++c)
              products.push_back(
                  input(c, y + int(t / 3) - 1, z + int(t % 3) - 1) *
                  f16ToFloat(w[(o * ic + c) * taps + t]));
            sum = sum + fusedAdd(products.data(), unsigned(products.size()));
          }
        EXPECT_EQ(bitsOf(result[flat]), bitsOf(sum));
      }
}

TEST(PoolTest, AveragesInF16KeepTwoRoundedSums) {
  Simulator simulator(1);
  Dims in = {1, 3, 4, 4}, out = {1, 3, 2, 2};
  auto x = toF16(randomFloats(in.count(), 1));
  put(simulator, kA, in, x);
  Registers r;
  r.tsk_eu_typ = 1;
  r.res0_prec = r.opd0_prec = kF16;
  r.opd1_const = 1;
  r.opd1_addr = floatToF16(0.25f);
  r.opd0_h = r.opd0_w = 4;
  r.opd1_h = r.opd1_w = 2;
  r.res_op_x_str = r.res_op_y_str = 2;
  r.opd0_addr = kA;
  setResult(r, out, kResult);
  expectOk(simulator, Layout::SPord, r);
  auto result = get<uint16_t>(simulator, kResult, out);
  auto rounded = [](float value) { return f16ToFloat(floatToF16(value)); };
  for (unsigned c = 0; c < 3; ++c)
    for (unsigned i = 0; i < 4; ++i) {
      float sums[2] = {0, 0};
      for (unsigned t = 0; t < 4; ++t) {
        unsigned at = (c * 4 + i / 2 * 2 + t / 2) * 4 + i % 2 * 2 + t % 2;
        float &sum = sums[t & 1];
        sum = rounded(sum + rounded(f16ToFloat(x[at]) * 0.25f));
      }
      EXPECT_EQ(result[c * 4 + i], floatToF16(sums[0] + sums[1]));
    }
}

TEST(SfuTest, RsqrtOfZeroIsFinite) {
  Simulator simulator(1);
  Dims dims = {1, 1, 1, 1};
  put(simulator, kA, dims, std::vector<float>{0.0f});
  Registers r;
  r.tsk_eu_typ = 17;
  r.res0_prec = r.opd0_prec = kF32;
  r.opd2_n_str = 2;
  r.opd0_addr = kA;
  setResult(r, dims, kResult);
  expectOk(simulator, Layout::SSfu, r);
  EXPECT_EQ(bitsOf(get<float>(simulator, kResult, dims)[0]), 0x601AB3D4u);
}

TEST(TransposeTest, ColumnsBecomeChannels) {
  Simulator simulator(1);
  Dims in = {1, 3, 2, 70}, out = {1, 70, 2, 3};
  auto x = randomFloats(in.count(), 1);
  put(simulator, kA, in, x);
  Registers r;
  r.tsk_eu_typ = 1;
  r.res0_prec = kF32;
  r.opd0_c = 3;
  r.opd0_w = 70;
  r.opd0_addr = kA;
  setResult(r, out, kResult);
  expectOk(simulator, Layout::STransBc, r);
  auto result = get<float>(simulator, kResult, out);
  for (unsigned c = 0; c < 70; ++c)
    for (unsigned h = 0; h < 2; ++h)
      for (unsigned w = 0; w < 3; ++w)
        EXPECT_EQ(result[(c * 2 + h) * 3 + w], x[(w * 2 + h) * 70 + c]);
}

TEST(GdmaTest, AMatrixLoadSpreadsColumnBlocksOverLanes) {
  Simulator simulator(1);
  auto global = simulator.allocateGlobal(kGlobalBase, 4096);
  auto x = randomFloats(5 * 20, 1);
  std::memcpy(global.data(), x.data(), x.size() * 4);
  Registers r;
  r.stride_enable = 1;
  r.src_data_format = kF32;
  r.src_hsize = 5;
  r.src_wsize = r.src_hstride = 20;
  r.dst_nsize = 5;
  r.dst_csize = 3;
  r.dst_wsize = 8;
  r.dst_nstride = r.dst_cstride = 16;
  r.src_start_addr_h8 = 1;
  r.dst_start_addr_l32 = uint32_t(kLocalBase);
  r.localmem_mask_l32 = r.localmem_mask_h32 = 0xffffffff;
  expectOk(simulator, Layout::DmaMatrix, r);
  auto local = get<float>(simulator, 0, {5, 3, 1, 8});
  for (unsigned row = 0; row < 5; ++row)
    for (unsigned column = 0; column < 20; ++column)
      EXPECT_EQ(local[(row * 3 + column / 8) * 8 + column % 8],
                x[row * 20 + column]);
}

TEST(GdmaTest, MaskedLanesKeepTheirContent) {
  Simulator simulator(1);
  Dims dims = {1, 4, 1, 16};
  put(simulator, 0, dims, std::vector<float>(64, 1.0f));
  Registers r;
  r.fill_constant_en = 1;
  r.src_data_format = kF32;
  r.dst_nsize = 1;
  r.dst_csize = 4;
  r.dst_hsize = 1;
  r.dst_wsize = 16;
  r.dst_start_addr_l32 = uint32_t(kLocalBase);
  r.localmem_mask_l32 = 0b1011;
  expectOk(simulator, Layout::DmaTensor, r);
  auto result = get<float>(simulator, 0, dims);
  for (unsigned c = 0; c < 4; ++c)
    EXPECT_EQ(result[c * 16], c == 2 ? 1.0f : 0.0f);
}

} // namespace
