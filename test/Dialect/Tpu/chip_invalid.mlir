// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{has tpu.chip = "bm1690", expected the name of a chip on a module: bm1684x}}
module attributes {tpu.chip = "bm1690"} {
}

// -----

// expected-error @+1 {{has tpu.chip = 64 : i64, expected the name of a chip on a module: bm1684x}}
module attributes {tpu.chip = 64} {
}

// -----

// expected-error @+1 {{has tpu.chip = "bm1684x", expected the name of a chip on a module: bm1684x}}
func.func @of_a_function() attributes {tpu.chip = "bm1684x"} {
  return
}
