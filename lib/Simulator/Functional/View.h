//===- View.h - Tensors in local memory -----------------------*- C++ -*-===//
//
// A checked view of an NCHW tensor in the lanes, and loops over the elements of
// several views at once. A view is checked once; the loops do not check again.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_SIMULATOR_FUNCTIONAL_VIEW_H
#define TPUC_LIB_SIMULATOR_FUNCTIONAL_VIEW_H

#include "Machine.h"

#include <array>
#include <cstddef>

namespace tpuc::sim {

struct Shape {
  uint64_t n = 1, c = 1, h = 1, w = 1;
};

/// Strides in elements; c is the distance of two channels of the same lane.
struct Strides {
  uint64_t n = 0, c = 0, h = 0, w = 0;
};

/// How a tensor lies in a lane; the values are the codes of the commands, but
/// for the last.
enum class TensorLayout : uint8_t {
  EuAligned = 0,
  Compact = 1,
  PerChannel = 2,
  Free = 3,
  LineAligned = 16,
};

/// The strides of an implied layout for a tensor that starts in `lane`.
Strides impliedStrides(TensorLayout layout, const Shape &shape, unsigned lane,
                       unsigned elementBytes);

/// A tensor in local memory: channel c lies in lane (lane + c) % 64, in row
/// (lane + c) / 64 of that lane.
struct View {
  uint8_t *memory = nullptr;
  uint32_t lane = 0;
  uint32_t offset = 0;
  unsigned elementBytes = 1;
  Shape shape;
  Strides strides;

  /// The first element of a channel.
  uint8_t *channel(uint64_t c) const {
    uint64_t at = lane + c;
    return memory + (at % kLanes) * kLaneBytes + offset +
           (at / kLanes) * strides.c * elementBytes;
  }
  /// Byte distances.
  ptrdiff_t nStep() const { return ptrdiff_t(strides.n * elementBytes); }
  ptrdiff_t hStep() const { return ptrdiff_t(strides.h * elementBytes); }
  ptrdiff_t wStep() const { return ptrdiff_t(strides.w * elementBytes); }
};

/// Makes a view of the tensor at TIU address `address`. Fails when the shape is
/// empty, the address is not aligned to the element, or an element lies outside
/// its lane.
Status makeView(Machine &machine, const char *operand, uint32_t address,
                unsigned elementBytes, const Shape &shape,
                const Strides &strides, View &view);
Status makeView(Machine &machine, const char *operand, uint32_t address,
                unsigned elementBytes, const Shape &shape, TensorLayout layout,
                View &view);

/// Whether two views may share bytes of a lane.
bool sharesBytes(const View &a, const View &b);

/// Whether two views share bytes of a lane, and not element on element: then
/// the order in which channels are worked on would show.
bool overlapUnequally(const View &result, const View &operand);

/// The elements of one channel of several operands as rows that are as long as
/// their common strides allow.
template <unsigned N> class RowLoop {
public:
  /// `views[i]` may be null for an operand without memory; its steps are 0.
  RowLoop(const Shape &shape, const std::array<const View *, N> &views) {
    std::array<uint64_t, 3> sizes = {shape.n, shape.h, shape.w};
    std::array<std::array<ptrdiff_t, N>, 3> steps{};
    for (unsigned i = 0; i < N; ++i)
      if (views[i]) {
        steps[0][i] = views[i]->nStep();
        steps[1][i] = views[i]->hStep();
        steps[2][i] = views[i]->wStep();
      }
    // From the innermost dimension outwards: drop those of size 1, and merge
    // those that continue the one inside for every operand.
    unsigned rank = 0;
    for (int d = 2; d >= 0; --d) {
      if (sizes[d] == 1)
        continue;
      bool merges = rank > 0;
      for (unsigned i = 0; merges && i < N; ++i)
        merges = steps[d][i] == step[rank - 1][i] * ptrdiff_t(size[rank - 1]);
      if (merges) {
        size[rank - 1] *= sizes[d];
        continue;
      }
      size[rank] = sizes[d];
      step[rank] = steps[d];
      ++rank;
    }
    // A very short row inside is slow; the order of rows is free.
    constexpr uint64_t kShort = 8;
    for (unsigned d = 1; d < rank; ++d)
      if (size[0] < kShort && size[d] > 2 * size[0]) {
        std::swap(size[0], size[d]);
        std::swap(step[0], step[d]);
      }
  }

  uint64_t count() const { return size[0]; }
  ptrdiff_t stride(unsigned i) const { return step[0][i]; }

  /// Calls `row(pointers)` for each row of the channel at `base`.
  template <typename Row>
  void forEach(const std::array<uint8_t *, N> &base, Row &&row) const {
    std::array<uint8_t *, N> outer = base;
    for (uint64_t i = 0; i < size[2]; ++i) {
      std::array<uint8_t *, N> at = outer;
      for (uint64_t j = 0; j < size[1]; ++j) {
        row(at);
        for (unsigned k = 0; k < N; ++k)
          at[k] += step[1][k];
      }
      for (unsigned k = 0; k < N; ++k)
        outer[k] += step[2][k];
    }
  }

private:
  std::array<uint64_t, 3> size = {1, 1, 1};
  std::array<std::array<ptrdiff_t, N>, 3> step{};
};

} // namespace tpuc::sim

#endif // TPUC_LIB_SIMULATOR_FUNCTIONAL_VIEW_H
