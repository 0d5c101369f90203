//===- Boxes.h - Movements as lists of strided boxes --------*- C++ -*-===//
//
// The form in which `relayout` ops of all dialects say what they move, and the
// check that all their verifiers share. Nothing is moved here.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_ANALYSIS_BOXES_H
#define TPUC_ANALYSIS_BOXES_H

#include "Analysis/StridedMap.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace tpuc {

/// Boxes as the integers of an attribute: [to, from], then [size, to stride,
/// from stride] an axis; each box has `numAxes` axes.
llvm::SmallVector<int64_t> packBoxes(llvm::ArrayRef<StridedMap> boxes,
                                     int64_t numAxes);

/// The boxes of an attribute that `checkBoxes` accepts.
llvm::SmallVector<StridedMap> unpackBoxes(llvm::ArrayRef<int64_t> packed,
                                          int64_t numAxes);

/// Fails, with an error that begins with a verb, unless the boxes lie in an
/// input of `inputCount` elements and cover each of `resultCount` elements
/// exactly once. Time and memory are linear in `resultCount` over the length
/// of the runs.
llvm::Error checkBoxes(llvm::ArrayRef<int64_t> packed, int64_t numAxes,
                       int64_t resultCount, int64_t inputCount);

} // namespace tpuc

#endif // TPUC_ANALYSIS_BOXES_H
