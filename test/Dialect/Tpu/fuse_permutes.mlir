// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-fuse-permutes))" | FileCheck %s

// Channels become rows of windows in one exchange of lanes and rows.
// CHECK-LABEL: func.func @windows_of_an_image
// CHECK: %[[X:.*]] = tpu.unary relu %arg0
// CHECK: %[[S:.*]] = tpu.reshape %[[X]] {tpu.layout = #tpu.lane_layout<n = 1, c = 96>} : {{.*}} -> tensor<96x8x7x8x7xf16>
// CHECK: %[[P:.*]] = tpu.permute %[[S]] {order = array<i64: 1, 3, 2, 4, 0>, tpu.layout = #tpu.lane_layout<n = 64, c = 49>} : {{.*}} -> tensor<8x8x7x7x96xf16>
// CHECK: %[[R:.*]] = tpu.reshape %[[P]] {tpu.layout = #tpu.lane_layout<n = 64, c = 49>} : {{.*}} -> tensor<8x8x7x672xf16>
// CHECK-NOT: tpu.permute
// CHECK: return %[[R]]
func.func @windows_of_an_image(%x: tensor<1x96x56x56xf16>) -> tensor<8x8x7x672xf16> {
  %0 = tpu.unary relu %x {tpu.layout = #tpu.lane_layout<n = 1, c = 96>} : tensor<1x96x56x56xf16>
  %1 = tpu.permute %0 {order = array<i64: 0, 2, 3, 1>, tpu.layout = #tpu.lane_layout<n = 1, c = 3136>} : (tensor<1x96x56x56xf16>) -> tensor<1x56x56x96xf16>
  %2 = tpu.reshape %1 {tpu.layout = #tpu.lane_layout<n = 1, c = 3136>} : (tensor<1x56x56x96xf16>) -> tensor<8x7x8x672xf16>
  %3 = tpu.permute %2 {order = array<i64: 0, 2, 1, 3>, tpu.layout = #tpu.lane_layout<n = 64, c = 49>} : (tensor<8x7x8x672xf16>) -> tensor<8x8x7x672xf16>
  return %3 : tensor<8x8x7x672xf16>
}

// -----

// Bytes too.
// CHECK-LABEL: func.func @windows_of_bytes
// CHECK: %[[X:.*]] = tpu.slice %arg0
// CHECK: %[[S:.*]] = tpu.reshape %[[X]] {tpu.layout = #tpu.lane_layout<n = 1, c = 96>} : {{.*}} -> tensor<96x8x7x8x7x{{.*}}
// CHECK: %[[P:.*]] = tpu.permute %[[S]] {order = array<i64: 1, 3, 2, 4, 0>, tpu.layout = #tpu.lane_layout<n = 64, c = 49>} : {{.*}} -> tensor<8x8x7x7x96x{{.*}}
// CHECK: %[[R:.*]] = tpu.reshape %[[P]] {tpu.layout = #tpu.lane_layout<n = 64, c = 49>} : {{.*}} -> tensor<8x8x7x672x{{.*}}
// CHECK-NOT: tpu.permute
// CHECK: return %[[R]]
func.func @windows_of_bytes(%x: tensor<1x97x56x56x!quant.uniform<i8:f32, 0.5>>) -> tensor<8x8x7x672x!quant.uniform<i8:f32, 0.5>> {
  %0 = tpu.slice %x {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 96, 56, 56>, steps = array<i64: 1, 1, 1, 1>, tpu.layout = #tpu.lane_layout<n = 1, c = 96>} : (tensor<1x97x56x56x!quant.uniform<i8:f32, 0.5>>) -> tensor<1x96x56x56x!quant.uniform<i8:f32, 0.5>>
  %1 = tpu.permute %0 {order = array<i64: 0, 2, 3, 1>, tpu.layout = #tpu.lane_layout<n = 1, c = 3136>} : (tensor<1x96x56x56x!quant.uniform<i8:f32, 0.5>>) -> tensor<1x56x56x96x!quant.uniform<i8:f32, 0.5>>
  %2 = tpu.reshape %1 {tpu.layout = #tpu.lane_layout<n = 1, c = 3136>} : (tensor<1x56x56x96x!quant.uniform<i8:f32, 0.5>>) -> tensor<8x7x8x672x!quant.uniform<i8:f32, 0.5>>
  %3 = tpu.permute %2 {order = array<i64: 0, 2, 1, 3>, tpu.layout = #tpu.lane_layout<n = 64, c = 49>} : (tensor<8x7x8x672x!quant.uniform<i8:f32, 0.5>>) -> tensor<8x8x7x672x!quant.uniform<i8:f32, 0.5>>
  return %3 : tensor<8x8x7x672x!quant.uniform<i8:f32, 0.5>>
}

// -----

// What is between is read elsewhere too.
// CHECK-LABEL: func.func @read_between
// CHECK-COUNT-2: tpu.permute
func.func @read_between(%x: tensor<1x96x56x56xf16>) -> (tensor<8x8x7x672xf16>, tensor<1x56x56x96xf16>) {
  %0 = tpu.unary relu %x {tpu.layout = #tpu.lane_layout<n = 1, c = 96>} : tensor<1x96x56x56xf16>
  %1 = tpu.permute %0 {order = array<i64: 0, 2, 3, 1>, tpu.layout = #tpu.lane_layout<n = 1, c = 3136>} : (tensor<1x96x56x56xf16>) -> tensor<1x56x56x96xf16>
  %2 = tpu.reshape %1 {tpu.layout = #tpu.lane_layout<n = 1, c = 3136>} : (tensor<1x56x56x96xf16>) -> tensor<8x7x8x672xf16>
  %3 = tpu.permute %2 {order = array<i64: 0, 2, 1, 3>, tpu.layout = #tpu.lane_layout<n = 64, c = 49>} : (tensor<8x7x8x672xf16>) -> tensor<8x8x7x672xf16>
  return %3, %1 : tensor<8x8x7x672xf16>, tensor<1x56x56x96xf16>
}

// -----

// Rows of the result come from lanes and from rows of the source: no exchange.
// CHECK-LABEL: func.func @no_exchange
// CHECK-COUNT-2: tpu.permute
func.func @no_exchange(%x: tensor<1x96x56x56xf16>) -> tensor<8x8x7x672xf16> {
  %0 = tpu.unary relu %x {tpu.layout = #tpu.lane_layout<n = 1, c = 5376>} : tensor<1x96x56x56xf16>
  %1 = tpu.permute %0 {order = array<i64: 0, 2, 3, 1>, tpu.layout = #tpu.lane_layout<n = 1, c = 3136>} : (tensor<1x96x56x56xf16>) -> tensor<1x56x56x96xf16>
  %2 = tpu.reshape %1 {tpu.layout = #tpu.lane_layout<n = 1, c = 3136>} : (tensor<1x56x56x96xf16>) -> tensor<8x7x8x672xf16>
  %3 = tpu.permute %2 {order = array<i64: 0, 2, 1, 3>, tpu.layout = #tpu.lane_layout<n = 64, c = 49>} : (tensor<8x7x8x672xf16>) -> tensor<8x8x7x672xf16>
  return %3 : tensor<8x8x7x672xf16>
}

// -----

// Integers have no product with the identity matrix.
// CHECK-LABEL: func.func @integers
// CHECK-COUNT-2: tpu.permute
func.func @integers(%x: tensor<1x96x56x56xi32>) -> tensor<8x8x7x672xi32> {
  %0 = tpu.reshape %x {tpu.layout = #tpu.lane_layout<n = 1, c = 96>} : (tensor<1x96x56x56xi32>) -> tensor<96x56x56xi32>
  %1 = tpu.permute %0 {order = array<i64: 1, 2, 0>, tpu.layout = #tpu.lane_layout<n = 1, c = 3136>} : (tensor<96x56x56xi32>) -> tensor<56x56x96xi32>
  %2 = tpu.reshape %1 {tpu.layout = #tpu.lane_layout<n = 1, c = 3136>} : (tensor<56x56x96xi32>) -> tensor<8x7x8x672xi32>
  %3 = tpu.permute %2 {order = array<i64: 0, 2, 1, 3>, tpu.layout = #tpu.lane_layout<n = 64, c = 49>} : (tensor<8x7x8x672xi32>) -> tensor<8x8x7x672xi32>
  return %3 : tensor<8x8x7x672xi32>
}
