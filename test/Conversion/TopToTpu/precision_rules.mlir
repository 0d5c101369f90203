// RUN: tpuc-opt %s -top-assign-precision=precision=F16 -convert-top-to-tpu | FileCheck %s
// RUN: tpuc-opt %s -top-assign-precision=precision=BF16 -convert-top-to-tpu | FileCheck %s --check-prefix=BF16

// Positions, their product with frequencies and the sine are f32; what becomes
// of the sine is not.
// CHECK-LABEL: @phase
// CHECK: tpu.cast %arg0 : (tensor<1x16xi32>) -> tensor<1x16xf32>
// CHECK: tpu.matmul {{.*}} : (tensor<16x1xf32>, tensor<1x8xf32>) -> tensor<16x8xf32>
// CHECK: tpu.unary sin {{.*}} : tensor<1x16x8xf32>
// CHECK: tpu.cast {{.*}} -> tensor<1x16x8xf16>
// CHECK: tpu.unary gelu {{.*}} : tensor<1x16x8xf16>
// BF16-LABEL: @phase
// BF16: tpu.matmul {{.*}} : (tensor<16x1xf32>, tensor<1x8xf32>) -> tensor<16x8xf32>
// BF16: tpu.unary sin {{.*}} : tensor<1x16x8xf32>
func.func @phase(%p: tensor<1x16xi64>) -> tensor<1x16x8xf32> {
  %f = top.weight dense<0.3> : tensor<1x8xf32>
  %0 = top.cast %p : (tensor<1x16xi64>) -> tensor<1x16xf32>
  %1 = top.reshape %0 : (tensor<1x16xf32>) -> tensor<1x16x1xf32>
  %2 = top.matmul %1, %f : (tensor<1x16x1xf32>, tensor<1x8xf32>) -> tensor<1x16x8xf32>
  %3 = top.sin %2 : tensor<1x16x8xf32>
  %4 = top.gelu %3 : tensor<1x16x8xf32>
  return %4 : tensor<1x16x8xf32>
}

// Of a phase made from activations only the factor is f32.
// CHECK-LABEL: @phase_of_activation
// CHECK: tpu.matmul {{.*}} -> tensor<4x8xf16>
// CHECK: tpu.scalar mul {{.*}} : tensor<4x8xf32>
// CHECK: tpu.unary cos {{.*}} : tensor<4x8xf32>
func.func @phase_of_activation(%x: tensor<4x128xf32>) -> tensor<4x8xf32> {
  %w = top.weight dense<0.3> : tensor<128x8xf32>
  %k = top.weight dense<30.0> : tensor<f32>
  %0 = top.matmul %x, %w : (tensor<4x128xf32>, tensor<128x8xf32>) -> tensor<4x8xf32>
  %1 = top.mul %0, %k : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %2 = top.cos %1 : tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// Arithmetic on inputs that no phase is made of.
// CHECK-LABEL: @not_phase
// CHECK: tpu.scalar mul {{.*}} : tensor<4x8xf16>
func.func @not_phase(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %k = top.weight dense<30.0> : tensor<f32>
  %0 = top.mul %x, %k : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %1 = top.tanh %0 : tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// Squares, their mean, and the op that brings it to x.
// CHECK-LABEL: @mean_of_squares
// CHECK: %[[H:.*]] = tpu.unary gelu {{.*}} : tensor<4x512xf16>
// CHECK: tpu.binary mul {{.*}} : (tensor<4x512xf32>, tensor<4x512xf32>)
// CHECK: tpu.reduce mean {{.*}} : (tensor<4x512xf32>) -> tensor<4x1xf32>
// CHECK: tpu.binary div {{.*}} : (tensor<4x512xf32>, tensor<4x1xf32>) -> tensor<4x512xf32>
// CHECK: tpu.unary tanh {{.*}} : tensor<4x512xf16>
func.func @mean_of_squares(%x: tensor<4x512xf32>) -> tensor<4x512xf32> {
  %0 = top.gelu %x : tensor<4x512xf32>
  %1 = top.mul %0, %0 : (tensor<4x512xf32>, tensor<4x512xf32>) -> tensor<4x512xf32>
  %2 = top.reduce mean %1 {axes = array<i64: 1>} : (tensor<4x512xf32>) -> tensor<4x1xf32>
  %3 = top.div %0, %2 : (tensor<4x512xf32>, tensor<4x1xf32>) -> tensor<4x512xf32>
  %4 = top.tanh %3 : tensor<4x512xf32>
  return %4 : tensor<4x512xf32>
}

// A mean is as large as its terms, a gate makes them no larger.
// CHECK-LABEL: @not_mean_of_gated
// CHECK: tpu.unary sigmoid
// CHECK: tpu.binary mul {{.*}} : (tensor<4x512xf16>, tensor<4x512xf16>)
// CHECK: tpu.reduce mean {{.*}} -> tensor<4x1xf16>
// CHECK: tpu.binary mul {{.*}} : (tensor<4x512xf16>, tensor<4x1xf16>)
func.func @not_mean_of_gated(%x: tensor<4x512xf32>) -> tensor<4x512xf32> {
  %0 = top.gelu %x : tensor<4x512xf32>
  %1 = top.sigmoid %0 : tensor<4x512xf32>
  %2 = top.mul %0, %1 : (tensor<4x512xf32>, tensor<4x512xf32>) -> tensor<4x512xf32>
  %3 = top.reduce mean %2 {axes = array<i64: 1>} : (tensor<4x512xf32>) -> tensor<4x1xf32>
  %4 = top.mul %0, %3 : (tensor<4x512xf32>, tensor<4x1xf32>) -> tensor<4x512xf32>
  return %4 : tensor<4x512xf32>
}

// A square that no sum is taken of.
// CHECK-LABEL: @not_sum_of_squares
// CHECK: tpu.binary mul {{.*}} : (tensor<4x8xf16>, tensor<4x8xf16>)
func.func @not_sum_of_squares(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = top.mul %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// A sum of a few is an addition.
// CHECK-LABEL: @not_long_sum
// CHECK: tpu.reduce sum {{.*}} -> tensor<4x8x1xf32>
// CHECK: tpu.binary mul {{.*}} : (tensor<4x8x1xf16>, tensor<4x8x2xf16>)
func.func @not_long_sum(%x: tensor<4x8x2xf32>) -> tensor<4x8x2xf32> {
  %0 = top.gelu %x : tensor<4x8x2xf32>
  %1 = top.reduce sum %0 {axes = array<i64: 2>} : (tensor<4x8x2xf32>) -> tensor<4x8x1xf32>
  %2 = top.mul %1, %0 : (tensor<4x8x1xf32>, tensor<4x8x2xf32>) -> tensor<4x8x2xf32>
  return %2 : tensor<4x8x2xf32>
}

// The limit stands for 0 by which x is divided.
// CHECK-LABEL: @small_limit
// CHECK: tpu.unary clip {{.*}}alpha = 9.99{{.*}}E-13{{.*}} : tensor<4x1xf32>
// CHECK: tpu.binary div {{.*}} : (tensor<4x8xf32>, tensor<4x1xf32>)
// BF16-LABEL: @small_limit
// BF16: tpu.binary div {{.*}} : (tensor<4x8xbf16>, tensor<4x1xbf16>)
func.func @small_limit(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = top.gelu %x : tensor<4x8xf32>
  %1 = top.reduce max %0 {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %2 = top.clip %1 {min = 9.9999999e-13, max = 0x7FF0000000000000 : f64} : tensor<4x1xf32>
  %3 = top.div %0, %2 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// A mask is f32 as long as it is one; the scores are not, and what they are
// given is finite.
// CHECK-LABEL: @mask
// CHECK: %[[M:.*]] = tpu.scalar mul {{.*}} : tensor<1x1x8xf32>
// CHECK: tpu.unary clip %[[M]] {alpha = -6.550400e+04 : f64, beta = 6.550400e+04 : f64}
// CHECK: tpu.binary add {{.*}} : (tensor<1x8x8xf16>, tensor<1x1x8xf16>)
// CHECK: tpu.softmax
func.func @mask(%x: tensor<1x8x8xf32>, %m: tensor<1x1x8xf32>) -> tensor<1x8x8xf32> {
  %k = top.weight dense<-1.0e9> : tensor<f32>
  %0 = top.mul %m, %k : (tensor<1x1x8xf32>, tensor<f32>) -> tensor<1x1x8xf32>
  %1 = top.add %x, %0 : (tensor<1x8x8xf32>, tensor<1x1x8xf32>) -> tensor<1x8x8xf32>
  %2 = top.softmax %1 {axis = 2 : i64} : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
  return %2 : tensor<1x8x8xf32>
}

// CHECK-LABEL: @chosen_mask
// CHECK: tpu.weight dense<-6.550400e+04> : tensor<{{.*}}f16>
// CHECK: tpu.select {{.*}}f16>) -> tensor<1x8x8xf16>
func.func @chosen_mask(%x: tensor<1x8x8xf32>, %m: tensor<1x8x8xi1>) -> tensor<1x8x8xf32> {
  %k = top.weight dense<-3.40282347E+38> : tensor<f32>
  %g = top.gelu %x : tensor<1x8x8xf32>
  %0 = top.where %m, %g, %k : (tensor<1x8x8xi1>, tensor<1x8x8xf32>, tensor<f32>) -> tensor<1x8x8xf32>
  %1 = top.softmax %0 {axis = 2 : i64} : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
  return %1 : tensor<1x8x8xf32>
}

// A large number that is read otherwise stays.
// CHECK-LABEL: @not_mask
// CHECK: tpu.select {{.*}}f32>) -> tensor<1x8x8xf32>
// CHECK: tpu.scalar mul {{.*}} : tensor<1x8x8xf32>
func.func @not_mask(%x: tensor<1x8x8xf32>, %m: tensor<1x8x8xi1>) -> tensor<1x8x8xf32> {
  %k = top.weight dense<1.0e9> : tensor<f32>
  %s = top.weight dense<1.0e-9> : tensor<f32>
  %0 = top.where %m, %x, %k : (tensor<1x8x8xi1>, tensor<1x8x8xf32>, tensor<f32>) -> tensor<1x8x8xf32>
  %1 = top.mul %0, %s : (tensor<1x8x8xf32>, tensor<f32>) -> tensor<1x8x8xf32>
  return %1 : tensor<1x8x8xf32>
}

// Bands of a spectrum reach the logarithm in f32.
// CHECK-LABEL: @bands
// CHECK: tpu.binary mul {{.*}} : (tensor<4x64xf32>, tensor<4x64xf32>)
// CHECK: tpu.matmul {{.*}} -> tensor<4x8xf32>
// CHECK: tpu.unary clip {{.*}} : tensor<4x8xf32>
// CHECK: tpu.unary log {{.*}} : tensor<4x8xf32>
func.func @bands(%x: tensor<4x64xf32>) -> tensor<4x8xf32> {
  %w = top.weight dense<0.01> : tensor<64x8xf32>
  %g = top.gelu %x : tensor<4x64xf32>
  %0 = top.mul %g, %g : (tensor<4x64xf32>, tensor<4x64xf32>) -> tensor<4x64xf32>
  %1 = top.matmul %0, %w : (tensor<4x64xf32>, tensor<64x8xf32>) -> tensor<4x8xf32>
  %2 = top.clip %1 {min = 1.0e-10, max = 0x7FF0000000000000 : f64} : tensor<4x8xf32>
  %3 = top.log %2 : tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// What is divided exactly stays f32 until it is an integer.
// CHECK-LABEL: @exact_quotient
// CHECK: tpu.unary silu {{.*}} : tensor<8xf16>
// CHECK: tpu.binary div {{.*}} -> tensor<8xf32>
// CHECK: tpu.scalar mul {{.*}} {value = 4.097000e+03 : f64} : tensor<8xf32>
// CHECK: tpu.unary round {{.*}} : tensor<8xf32>
// CHECK: tpu.cast {{.*}} : (tensor<8xf32>) -> tensor<8xi32>
func.func @exact_quotient(%x: tensor<8xf32>, %s: tensor<1xf32>) -> tensor<8xi32> {
  %0 = top.silu %x : tensor<8xf32>
  %1 = top.div %0, %s {exact = true} : (tensor<8xf32>, tensor<1xf32>) -> tensor<8xf32>
  %2 = top.round %1 : tensor<8xf32>
  %3 = top.cast %2 : (tensor<8xf32>) -> tensor<8xi32>
  return %3 : tensor<8xi32>
}

// Sums of products of integers leave 16 bits.
// CHECK-LABEL: @whole_product
// CHECK: tpu.matmul {{.*}} -> tensor<4x8xf32>
func.func @whole_product(%x: tensor<4x64xi32>) -> tensor<4x8xf32> {
  %w = top.weight dense<100.0> : tensor<64x8xf32>
  %0 = top.cast %x : (tensor<4x64xi32>) -> tensor<4x64xf32>
  %1 = top.matmul %0, %w : (tensor<4x64xf32>, tensor<64x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// Integers by fractions are activations.
// CHECK-LABEL: @embedded
// CHECK: tpu.matmul {{.*}} -> tensor<4x8xf16>
func.func @embedded(%x: tensor<4x64xi32>) -> tensor<4x8xf32> {
  %w = top.weight dense<0.3> : tensor<64x8xf32>
  %0 = top.cast %x : (tensor<4x64xi32>) -> tensor<4x64xf32>
  %1 = top.matmul %0, %w : (tensor<4x64xf32>, tensor<64x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// A place that is rounded to a whole one, and what is left of it.
// CHECK-LABEL: @coordinate
// CHECK: tpu.matmul {{.*}} -> tensor<4x8xf16>
// CHECK: tpu.scalar add {{.*}} : tensor<4x8xf32>
// CHECK: tpu.unary floor {{.*}} : tensor<4x8xf32>
// CHECK: tpu.binary sub {{.*}} -> tensor<4x8xf32>
func.func @coordinate(%x: tensor<4x128xf32>) -> (tensor<4x8xi32>, tensor<4x8xf32>) {
  %w = top.weight dense<0.3> : tensor<128x8xf32>
  %k = top.weight dense<30.0> : tensor<f32>
  %0 = top.matmul %x, %w : (tensor<4x128xf32>, tensor<128x8xf32>) -> tensor<4x8xf32>
  %1 = top.add %0, %k : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %2 = top.floor %1 : tensor<4x8xf32>
  %3 = top.sub %1, %2 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %4 = top.cast %2 : (tensor<4x8xf32>) -> tensor<4x8xi32>
  return %4, %3 : tensor<4x8xi32>, tensor<4x8xf32>
}
