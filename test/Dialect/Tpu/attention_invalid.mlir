// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @attention_c1(%arg0: tensor<64xf16>) -> tensor<4x4xf16> {
  // expected-error @+1 {{result has rank 2, expected 4}}
  %0 = tpu.attention %arg0, %arg0, %arg0 {query_view = array<i64: 0, 16, 4, 4>, key_view = array<i64: 0, 16, 4, 4>, value_view = array<i64: 0, 16, 4, 4>, addend_views = array<i64>, key_rows = 4 : i64, depth = 4 : i64, scale = 1.0 : f64} : (tensor<64xf16>, tensor<64xf16>, tensor<64xf16>) -> tensor<4x4xf16>
  return %0 : tensor<4x4xf16>
}

// -----

func.func @attention_c2(%arg0: tensor<64xf16>) -> tensor<1x4x1x4xf16> {
  // expected-error @+1 {{'key_view' has 3 entries, expected 4}}
  %0 = tpu.attention %arg0, %arg0, %arg0 {query_view = array<i64: 0, 16, 4, 4>, key_view = array<i64: 0, 16, 4>, value_view = array<i64: 0, 16, 4, 4>, addend_views = array<i64>, key_rows = 4 : i64, depth = 4 : i64, scale = 1.0 : f64} : (tensor<64xf16>, tensor<64xf16>, tensor<64xf16>) -> tensor<1x4x1x4xf16>
  return %0 : tensor<1x4x1x4xf16>
}

// -----

func.func @attention_c3(%arg0: tensor<64xf16>) -> tensor<1x4x1x4xf16> {
  // expected-error @+1 {{value view ends at element 65, expected below 64, the number of its operand's elements}}
  %0 = tpu.attention %arg0, %arg0, %arg0 {query_view = array<i64: 0, 16, 4, 4>, key_view = array<i64: 0, 16, 4, 4>, value_view = array<i64: 50, 16, 4, 4>, addend_views = array<i64>, key_rows = 4 : i64, depth = 4 : i64, scale = 1.0 : f64} : (tensor<64xf16>, tensor<64xf16>, tensor<64xf16>) -> tensor<1x4x1x4xf16>
  return %0 : tensor<1x4x1x4xf16>
}

// -----

func.func @attention_c4(%arg0: tensor<64xf16>, %arg1: tensor<16xbf16>) -> tensor<1x4x1x4xf16> {
  // expected-error @+1 {{has an addend of element type 'bf16', expected 'f16'}}
  %0 = tpu.attention %arg0, %arg0, %arg0, %arg1 {query_view = array<i64: 0, 16, 4, 4>, key_view = array<i64: 0, 16, 4, 4>, value_view = array<i64: 0, 16, 4, 4>, addend_views = array<i64: 0, 0, 4, 0>, key_rows = 4 : i64, depth = 4 : i64, scale = 1.0 : f64} : (tensor<64xf16>, tensor<64xf16>, tensor<64xf16>, tensor<16xbf16>) -> tensor<1x4x1x4xf16>
  return %0 : tensor<1x4x1x4xf16>
}

// -----

func.func @attention_c5(%arg0: tensor<64xf16>) -> tensor<1x4x1x4xf16> {
  // expected-error @+1 {{'key_rows' and 'depth' are 0 and 4, expected at least 1}}
  %0 = tpu.attention %arg0, %arg0, %arg0 {query_view = array<i64: 0, 16, 4, 4>, key_view = array<i64: 0, 16, 4, 4>, value_view = array<i64: 0, 16, 4, 4>, addend_views = array<i64>, key_rows = 0 : i64, depth = 4 : i64, scale = 1.0 : f64} : (tensor<64xf16>, tensor<64xf16>, tensor<64xf16>) -> tensor<1x4x1x4xf16>
  return %0 : tensor<1x4x1x4xf16>
}
