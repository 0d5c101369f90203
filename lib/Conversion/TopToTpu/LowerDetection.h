//===- LowerDetection.h - Lowering of what is done with boxes --*- C++ -*-===//
//
// The lowerings of the ops that choose among boxes. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_LOWERDETECTION_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_LOWERDETECTION_H

namespace tpuc {

class LoweringSet;

void populateDetectionLowerings(LoweringSet &set);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_LOWERDETECTION_H
