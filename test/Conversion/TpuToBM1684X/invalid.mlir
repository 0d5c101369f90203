// RUN: tpuc-opt %s -split-input-file -verify-diagnostics -convert-tpu-to-bm1684x

// expected-error @+1 {{argument 0 has no 'tpu.global_offset'; run assign-global-memory first}}
func.func @no_places(%arg0: tensor<8xf32>) -> tensor<8xf32> {
  return %arg0 : tensor<8xf32>
}
