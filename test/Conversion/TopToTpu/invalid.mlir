// RUN: tpuc-opt %s -split-input-file -top-assign-precision=precision=F16 -convert-top-to-tpu -verify-diagnostics

// All refused ops are reported, not only the first.
func.func @all_at_once(%x: tensor<2x10xf32>, %i: tensor<2x10xi64>, %u: tensor<10xf32>) -> (tensor<2x10xf32>, tensor<10xf32>) {
  // expected-error @+1 {{'top.gather_elements' op cannot be lowered: its indices are computed by the network}}
  %0 = top.gather_elements %x, %i {axis = 1 : i64} : (tensor<2x10xf32>, tensor<2x10xi64>) -> tensor<2x10xf32>
  %c = top.weight dense<[[0], [1]]> : tensor<2x1xi64>
  %d = top.slice %u {offsets = array<i64: 0>, sizes = array<i64: 2>, steps = array<i64: 1>} : (tensor<10xf32>) -> tensor<2xf32>
  // expected-error @+1 {{'top.scatter_nd' op cannot be lowered: the chip scatters by constant indices}}
  %1 = top.scatter_nd add %u, %c, %d : (tensor<10xf32>, tensor<2x1xi64>, tensor<2xf32>) -> tensor<10xf32>
  return %0, %1 : tensor<2x10xf32>, tensor<10xf32>
}

// -----

func.func @weight_overflow(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = top.weight dense<[[1.0, 2.0], [70000.0, 4.0]]> : tensor<2x2xf32> loc("fc.weight")
  // expected-error @+1 {{'top.matmul' op constant 'fc.weight' cannot be converted: element 2 is 7.000000e+04, beyond the range of f16; give the op another precision in the quantize table}}
  %0 = top.matmul %x, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

func.func @index_overflow(%i: tensor<1xi64>) -> tensor<1xi64> {
  %c = top.weight dense<[5000000000]> : tensor<1xi64>
  // expected-error @+1 {{'top.max' op constant cannot be converted: element 0 is 5000000000, beyond the range of i32; use smaller numbers}}
  %0 = top.max %i, %c : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// -----

func.func @index_out_of_range(%t: tensor<4x2xf32>) -> tensor<2x2xf32> {
  %c = top.weight dense<[0, 4]> : tensor<2xi64>
  // expected-error @+1 {{'top.gather' op cannot be lowered: index 4 is out of range of an axis of size 4; correct the model}}
  %0 = top.gather %t, %c {axis = 0 : i64} : (tensor<4x2xf32>, tensor<2xi64>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// expected-error @+1 {{has argument 0 of type 'tensor<?xf32>', expected static f32 or an integer}}
func.func @dynamic(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

// -----

// Ops that only lowered networks have.
func.func @lowered_already(%arg0: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{'tpu.unary' op is in a network of the top dialect, whose ops are all lowered; remove it}}
  %0 = tpu.unary exp %arg0 : tensor<4x8xf32>
  %1 = top.relu %0 : tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// -----

func.func @cast_of_a_conversion(%arg0: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{'builtin.unrealized_conversion_cast' op is in a network of the top dialect, whose ops are all lowered; remove it}}
  %0 = builtin.unrealized_conversion_cast to tensor<4x8xf32>
  %1 = top.relu %0 : tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// -----

func.func @too_many_boxes(%b: tensor<1x20000x4xf32>, %s: tensor<1x1x20000xf32>) -> tensor<1x1x10xi64> {
  // expected-error @+1 {{'top.nms' op cannot be lowered: chooses among 20000 boxes, of which local memory holds}}
  %0 = top.nms %b, %s {iou_threshold = 0.5, max_output = 10 : i64} : (tensor<1x20000x4xf32>, tensor<1x1x20000xf32>) -> tensor<1x1x10xi64>
  return %0 : tensor<1x1x10xi64>
}
