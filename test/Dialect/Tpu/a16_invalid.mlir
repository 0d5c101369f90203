// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @bits(%x: tensor<1x64xf16>, %c: tensor<96x8xi32>, %s: tensor<96x2xf32>) -> tensor<1x96xf16> {
  // expected-error@+1 {{'bits' is 5, expected 4 or 8}}
  %0 = tpu.a16_matmul %x, %c, %s, %s {bits = 5 : i64}
      : (tensor<1x64xf16>, tensor<96x8xi32>, tensor<96x2xf32>, tensor<96x2xf32>) -> tensor<1x96xf16>
  return %0 : tensor<1x96xf16>
}

// -----

func.func @codes(%x: tensor<1x32xf16>, %c: tensor<96x8xi32>, %s: tensor<96x2xf32>) -> tensor<1x96xf16> {
  // expected-error@+1 {{has codes [96, 8] of 4 bits for rows of 32}}
  %0 = tpu.a16_matmul %x, %c, %s, %s {bits = 4 : i64}
      : (tensor<1x32xf16>, tensor<96x8xi32>, tensor<96x2xf32>, tensor<96x2xf32>) -> tensor<1x96xf16>
  return %0 : tensor<1x96xf16>
}

// -----

func.func @scales(%x: tensor<1x64xf16>, %c: tensor<96x8xi32>, %s: tensor<96x2xf32>, %z: tensor<96x1xf32>) -> tensor<1x96xf16> {
  // expected-error@+1 {{has scales [96, 2] and zeros [96, 1], expected equal shapes [96, a divisor of 64]}}
  %0 = tpu.a16_matmul %x, %c, %s, %z {bits = 4 : i64}
      : (tensor<1x64xf16>, tensor<96x8xi32>, tensor<96x2xf32>, tensor<96x1xf32>) -> tensor<1x96xf16>
  return %0 : tensor<1x96xf16>
}

// -----

func.func @result(%x: tensor<1x64xf16>, %c: tensor<96x8xi32>, %s: tensor<96x2xf32>) -> tensor<1x64xf16> {
  // expected-error@+1 {{has a result [1, 64], expected [1, 96]}}
  %0 = tpu.a16_matmul %x, %c, %s, %s {bits = 4 : i64}
      : (tensor<1x64xf16>, tensor<96x8xi32>, tensor<96x2xf32>, tensor<96x2xf32>) -> tensor<1x64xf16>
  return %0 : tensor<1x64xf16>
}

// -----

func.func @result_type(%x: tensor<1x64xf16>, %c: tensor<96x8xi32>, %s: tensor<96x2xf32>) -> tensor<1x96xbf16> {
  // expected-error@+1 {{has a result of 'bf16', expected the operand's type or f32}}
  %0 = tpu.a16_matmul %x, %c, %s, %s {bits = 4 : i64}
      : (tensor<1x64xf16>, tensor<96x8xi32>, tensor<96x2xf32>, tensor<96x2xf32>) -> tensor<1x96xbf16>
  return %0 : tensor<1x96xbf16>
}

// -----

func.func @group(%x: tensor<1x64xf16>, %c: tensor<96x8xi32>, %s: tensor<96x4xf32>) -> tensor<1x96xf16> {
  // expected-error@+1 {{has groups of 16 codes, expected a multiple of 32}}
  %0 = tpu.a16_matmul %x, %c, %s, %s {bits = 4 : i64}
      : (tensor<1x64xf16>, tensor<96x8xi32>, tensor<96x4xf32>, tensor<96x4xf32>) -> tensor<1x96xf16>
  return %0 : tensor<1x96xf16>
}
