// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @bits(%x: tensor<1x64xf32>, %c: tensor<96x8xi32>, %s: tensor<96x2xf32>) -> tensor<1x96xf32> {
  // expected-error@+1 {{bits is 5, expected 4 or 8}}
  %0 = top.a16_matmul %x, %c, %s, %s {bits = 5 : i64}
      : (tensor<1x64xf32>, tensor<96x8xi32>, tensor<96x2xf32>, tensor<96x2xf32>) -> tensor<1x96xf32>
  return %0 : tensor<1x96xf32>
}

// -----

func.func @codes(%x: tensor<1x64xf32>, %c: tensor<8xi32>, %s: tensor<96x2xf32>) -> tensor<1x96xf32> {
  // expected-error@+1 {{codes are [8], expected [N, words]}}
  %0 = top.a16_matmul %x, %c, %s, %s {bits = 4 : i64}
      : (tensor<1x64xf32>, tensor<8xi32>, tensor<96x2xf32>, tensor<96x2xf32>) -> tensor<1x96xf32>
  return %0 : tensor<1x96xf32>
}

// -----

func.func @scales(%x: tensor<1x64xf32>, %c: tensor<96x8xi32>, %s: tensor<96x3xf32>) -> tensor<1x96xf32> {
  // expected-error@+1 {{scales are [96, 3] and zeros [96, 3], expected [96, a divisor of 64]}}
  %0 = top.a16_matmul %x, %c, %s, %s {bits = 4 : i64}
      : (tensor<1x64xf32>, tensor<96x8xi32>, tensor<96x3xf32>, tensor<96x3xf32>) -> tensor<1x96xf32>
  return %0 : tensor<1x96xf32>
}

// -----

func.func @input(%x: tensor<1x32xf32>, %c: tensor<96x8xi32>, %s: tensor<96x2xf32>) -> tensor<1x96xf32> {
  // expected-error@+1 {{the input is [1, 32], expected a last axis of 64}}
  %0 = top.a16_matmul %x, %c, %s, %s {bits = 4 : i64}
      : (tensor<1x32xf32>, tensor<96x8xi32>, tensor<96x2xf32>, tensor<96x2xf32>) -> tensor<1x96xf32>
  return %0 : tensor<1x96xf32>
}
