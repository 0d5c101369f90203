// RUN: tpuc-opt %s -split-input-file -top-assign-precision=precision=F16 -convert-top-to-tpu -verify-diagnostics

// All refused ops are reported, not only the first.
func.func @all_at_once(%x: tensor<2x10xf32>) -> (tensor<2x3xf32>, tensor<2x10xf32>) {
  // expected-error @+1 {{'top.topk' op cannot be lowered: the chip has no sorting; end the network before it and compute it on the host}}
  %0, %1 = top.topk %x {axis = 1 : i64, k = 3 : i64} : (tensor<2x10xf32>) -> (tensor<2x3xf32>, tensor<2x3xi64>)
  // expected-error @+1 {{'top.mod' op cannot be lowered: the chip's division rounds}}
  %2 = top.mod %x, %x : (tensor<2x10xf32>, tensor<2x10xf32>) -> tensor<2x10xf32>
  return %0, %2 : tensor<2x3xf32>, tensor<2x10xf32>
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

func.func @pool_dilation(%x: tensor<1x1x8x8xf32>) -> tensor<1x1x6x6xf32> {
  // expected-error @+1 {{windows with gaps (dilation 2) are not pooled on the chip; slice the input into its phases}}
  %0 = top.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 2, 2>} : (tensor<1x1x8x8xf32>) -> tensor<1x1x6x6xf32>
  return %0 : tensor<1x1x6x6xf32>
}

// -----

func.func @integer_division(%x: tensor<4xi64>, %y: tensor<4xi64>) -> tensor<4xi64> {
  // expected-error @+1 {{integers are not divided on the chip}}
  %0 = top.div %x, %y : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
  return %0 : tensor<4xi64>
}

// -----

func.func @pow_of_computed_exponent(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{neither a finite exponent other than 0 nor a positive base is the same constant for all elements}}
  %0 = top.pow %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
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
