// RUN: tpuc-opt %s -split-input-file -tpu-attach-target | FileCheck %s --check-prefixes=CHECK,DEFAULT
// RUN: tpuc-opt %s -split-input-file -tpu-attach-target=chip=bm1684x | FileCheck %s --check-prefixes=CHECK,GIVEN
// RUN: not tpuc-opt %s -split-input-file -tpu-attach-target=chip=bm1690 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: error: chip 'bm1690' is not known, expected bm1684x

// DEFAULT: module attributes {tpu.chip = "bm1684x"}
// GIVEN: module attributes {tpu.chip = "bm1684x"}
// CHECK: func.func @says_none
module {
  func.func @says_none(%x: tensor<4xf16>) -> tensor<4xf16> {
    return %x : tensor<4xf16>
  }
}

// -----

// A module that says what it is for stays as it is.
// CHECK: module attributes {other.attribute, tpu.chip = "bm1684x"}
// CHECK: func.func @says_one
module attributes {tpu.chip = "bm1684x", other.attribute} {
  func.func @says_one(%x: tensor<4xf16>) -> tensor<4xf16> {
    return %x : tensor<4xf16>
  }
}
