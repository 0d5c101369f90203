//===- StaticTables.cpp - Coefficient tables of static memory -------------===//
//
// The tables that the firmware writes at start-up, computed from their closed
// forms. Streams copy them into the lanes with TRANS&BC commands.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Machine.h"

#include <cmath>
#include <cstring>
#include <numbers>

using namespace tpuc::sim;

namespace {

using Table = std::vector<double>;

template <typename Term> Table table(unsigned count, Term term) {
  Table values(count);
  for (unsigned k = 0; k < count; ++k)
    values[k] = term(k);
  return values;
}

long double factorial(unsigned n) {
  long double product = 1;
  for (unsigned i = 2; i <= n; ++i)
    product *= i;
  return product;
}

double sign(unsigned k) { return k % 2 ? -1.0 : 1.0; }

class Writer {
public:
  explicit Writer(uint8_t *memory) : memory(memory) {}

  void f32(unsigned offset, const Table &values) {
    for (unsigned i = 0; i < values.size(); ++i)
      word(offset + 4 * i, bitsOf(float(values[i])));
  }
  void f16(unsigned offset, const Table &values) {
    for (unsigned i = 0; i < kHalfCount; ++i)
      half(offset + 2 * i, doubleToF16(values[i]));
  }
  void bf16(unsigned offset, const Table &values) {
    for (unsigned i = 0; i < kHalfCount; ++i)
      half(offset + 2 * i, floatToBf16(float(values[i])));
  }
  void word(unsigned offset, uint32_t bits) {
    std::memcpy(memory + offset, &bits, 4);
  }

private:
  static constexpr unsigned kHalfCount = 16;
  void half(unsigned offset, uint16_t bits) {
    std::memcpy(memory + offset, &bits, 2);
  }
  uint8_t *memory;
};

} // namespace

void tpuc::sim::fillStaticTables(std::array<uint8_t, kStaticBytes> &memory) {
  const double twoPi = 2 * std::numbers::pi;
  Table inverseFactorials =
      table(32, [](unsigned k) { return double(1.0L / factorial(k)); });
  Table log = table(
      64, [](unsigned k) { return k == 0 ? 0.0 : sign(k + 1) / double(k); });
  Table sin = table(32, [&](unsigned k) {
    return double(std::pow((long double)twoPi, 2 * k + 1) * sign(k) /
                  factorial(2 * k + 1));
  });
  Table cos = table(32, [&](unsigned k) {
    return double(std::pow((long double)twoPi, 2 * k) * sign(k) /
                  factorial(2 * k));
  });
  // binomial(2k, k) / (4^k (2k + 1))
  long double central = 1;
  Table arcsin(64);
  for (unsigned k = 0; k < 64; ++k) {
    arcsin[k] = double(central / (2 * k + 1));
    central *= (long double)(2 * k + 1) / (2 * k + 2);
  }
  // tan(pi x): the k-th coefficient is 2 (2^2k - 1) zeta(2k) / pi.
  Table tan = table(32, [](unsigned i) {
    unsigned power = 2 * (i + 1);
    long double zeta = 0;
    for (unsigned n = 2000; n >= 1; --n)
      zeta += std::pow((long double)n, -(long double)power);
    // The tail of the series, by the integral and its first correction.
    if (power < 12)
      zeta += std::pow(2000.5L, 1.0L - power) / (power - 1);
    return double(2 * (std::pow(2.0L, (long double)power) - 1) * zeta /
                  std::numbers::pi_v<long double>);
  });
  Table arctan =
      table(32, [](unsigned k) { return sign(k) / double(2 * k + 1); });
  // A Chebyshev fit of erf, as the firmware holds it.
  constexpr uint32_t erf[] = {0xBFA1FC4E, 0x3F8000C7, 0x3EBF88FB, 0x3DC636C9,
                              0xBE3EC24C, 0x3E8EC7CC, 0xBF914E5D, 0x3FBE87B0,
                              0xBF527892, 0x3E2EF945};

  Writer write(memory.data());
  write.f32(0x000, table(192, [](unsigned i) {
              return std::exp(double(int(i) - 103));
            }));
  write.f32(0x400, inverseFactorials);
  write.f32(0x480, log);
  for (unsigned i = 0; i < std::size(erf); ++i)
    write.word(0x580 + 4 * i, erf[i]);
  for (unsigned i = 0; i < 64; ++i)
    write.word(0x5C0 + 4 * i, i);
  write.f32(0x6C0, sin);
  write.f32(0x740, cos);
  write.f32(0x7C0, arcsin);
  write.f32(0x8C0, tan);
  write.f16(0x940, inverseFactorials);
  write.bf16(0x980, inverseFactorials);
  write.f16(0x9C0, log);
  write.bf16(0xA00, log);
  write.f16(0xA40, sin);
  write.bf16(0xA80, sin);
  write.f16(0xAC0, cos);
  write.bf16(0xB00, cos);
  write.f32(0xB40, arctan);
}
