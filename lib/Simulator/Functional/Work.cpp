//===- Work.cpp - How much work a command is ------------------------------===//
//
// An upper bound of the element operations of a command from its registers
// alone, so that a run can stop before a command that would take too long. It
// looks at no memory and refuses nothing.
//
//===----------------------------------------------------------------------===//

#include "Commands.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::sim;
using codec::Layout;

namespace {

/// A product that stays at the largest value instead of wrapping.
class Count {
public:
  Count(uint64_t value) : value(value) {}
  friend Count operator*(Count a, Count b) {
    uint64_t product;
    if (__builtin_mul_overflow(a.value, b.value, &product))
      return ~uint64_t(0);
    return product;
  }
  friend Count operator+(Count a, Count b) {
    uint64_t sum;
    if (__builtin_add_overflow(a.value, b.value, &sum))
      return ~uint64_t(0);
    return sum;
  }
  uint64_t value;
};

Count largest(std::initializer_list<Count> counts) {
  uint64_t result = 0;
  for (Count count : counts)
    result = std::max(result, count.value);
  return result;
}

Count resultElements(const Registers &r) {
  return Count(r.res0_n) * r.res0_c * r.res0_h * r.res0_w;
}

Count gdmaElements(Layout layout, const Registers &r) {
  Count source = largest({r.src_nsize, 1}) * largest({r.src_csize, 1}) *
                 largest({r.src_hsize, 1}) * largest({r.src_wsize, 1});
  Count destination = largest({r.dst_nsize, 1}) * largest({r.dst_csize, 1}) *
                      largest({r.dst_hsize, 1}) * largest({r.dst_wsize, 1});
  switch (layout) {
  case Layout::DmaTensor:
    // A broadcast writes the source once a channel of the destination.
    return largest({source, destination, source * r.dst_csize});
  case Layout::DmaGeneral:
  case Layout::SDmaGeneral:
    return Count(r.src_cstride) * largest({r.dst_csize, 1});
  case Layout::SDmaMatrix:
    return Count(r.matrix_hsize) * r.matrix_wsize;
  case Layout::DmaGather:
  case Layout::DmaScatter:
    return Count(r.src_csize) * largest({r.index_hsize, 1}) * r.src_wsize;
  default:
    return largest({source, destination});
  }
}

} // namespace

uint64_t tpuc::sim::commandWork(Layout layout, const Registers &r) {
  Count result = resultElements(r);
  switch (layout) {
  case Layout::Sysid:
  case Layout::SDmaSys:
    return 1;
  case Layout::Conv:
  case Layout::SConv:
    return (result * r.opd0_c * r.opd1_h * r.opd1_w +
            Count(r.res0_n) * r.opd0_c * r.opd0_h * r.opd0_w + 1)
        .value;
  case Layout::Mm:
  case Layout::SMm:
    return (Count(r.opd0_n) * r.opd0_c * r.opd0_w * r.res0_c * r.res0_w + 1)
        .value;
  case Layout::Mm2:
  case Layout::SMm2:
    return (Count(r.res0_c) * r.res0_w *
                largest({r.opd1_c, r.opd1_w, r.opd0_c, 1}) +
            1)
        .value;
  case Layout::Pord:
  case Layout::SPord:
    return (result * largest({r.opd1_h, 1}) * largest({r.opd1_w, 1}) + 1).value;
  case Layout::Sfu:
  case Layout::SSfu:
    return (result * largest({r.opd1_n, 4}) + 1).value;
  case Layout::Vc:
  case Layout::SVc:
    return ((Count(r.opd0_c) * r.opd0_w + r.opd1_w) * r.res0_c * r.res0_w + 1)
        .value;
  case Layout::Sg:
  case Layout::SSg:
  case Layout::Sgl:
  case Layout::SSgl:
    return (largest({r.res0_n, 1}) * largest({r.res0_c, 1}) *
                largest({Count(r.res0_h) * r.res0_w, Count(r.opd0_h) * r.opd0_w,
                         r.opd1_w, r.opd1_c}) +
            1)
        .value;
  case Layout::TransBc:
  case Layout::STransBc:
    return (largest({result, Count(r.opd0_c) * r.opd0_w}) + 1).value;
  case Layout::DmaTensor:
  case Layout::DmaMatrix:
  case Layout::SDmaMatrix:
  case Layout::DmaMaskedSelect:
  case Layout::SDmaMaskedSelect:
  case Layout::DmaGeneral:
  case Layout::SDmaGeneral:
  case Layout::DmaCwTranspose:
  case Layout::DmaNonzero:
  case Layout::SDmaNonzero:
  case Layout::DmaGather:
  case Layout::DmaScatter:
    return (gdmaElements(layout, r) + 1).value;
  default:
    return (result + 1).value;
  }
}
