//===- LowerA16.h - Lowering of products with codes -------------*- C++ -*-===//
//
// Declared apart from the other families, whose header many files include.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_LOWERA16_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_LOWERA16_H

namespace tpuc {

class LoweringSet;

void populateA16Lowerings(LoweringSet &set);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_LOWERA16_H
