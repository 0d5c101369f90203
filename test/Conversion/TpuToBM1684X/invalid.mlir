// RUN: tpuc-opt %s -split-input-file -verify-diagnostics -pass-pipeline="builtin.module(func.func(tpu-copy-results),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)"

// expected-error @+1 {{argument 0 has type 'tensor<8xf64>', which this chip does not have}}
func.func @type_of_argument(%arg0: tensor<8xf64>) -> tensor<8xf64> {
  return %arg0 : tensor<8xf64>
}
