// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-align-concats))" | FileCheck %s

// The first part ends in lane 63, in channels of zeros that are multiplied with
// zeros; the last part needs none.
// CHECK-LABEL: func.func @parts_begin_in_lane_0
// CHECK: %[[F:.*]] = tpu.weight {{.*}} : tensor<64x4x1x1xf16>
// CHECK: %[[B:.*]] = tpu.weight dense<[{{((1.000000e\+00, ){58}(0.000000e\+00, ){5})}}0.000000e+00]> : tensor<64xf32>
// CHECK: %[[A:.*]] = tpu.conv %arg0, %[[F]], %[[B]] {{.*}} -> tensor<1x64x28x28xf16>
// CHECK: %[[C:.*]] = tpu.conv %arg0, {{.*}} -> tensor<1x58x28x28xf16>
// CHECK: %[[J:.*]] = tpu.concat %[[A]], %[[C]] {{.*}} -> tensor<1x122x28x28xf16>
// CHECK: %[[H:.*]] = tpu.weight dense<"0x{{((003C){58}(0000){6}(003C){58})}}"> : tensor<1x122x1x1xf16>
// CHECK: tpu.conv %[[J]], %[[H]]
func.func @parts_begin_in_lane_0(%x: tensor<1x4x28x28xf16>) -> tensor<1x1x28x28xf16> {
  %f = tpu.weight dense<1.0> : tensor<58x4x1x1xf16>
  %b = tpu.weight dense<1.0> : tensor<58xf32>
  %h = tpu.weight dense<1.0> : tensor<1x116x1x1xf16>
  %0 = tpu.conv %x, %f, %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x28x28xf16>, tensor<58x4x1x1xf16>, tensor<58xf32>) -> tensor<1x58x28x28xf16>
  %1 = tpu.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x28x28xf16>, tensor<58x4x1x1xf16>) -> tensor<1x58x28x28xf16>
  %2 = tpu.concat %0, %1 {axis = 1 : i64} : (tensor<1x58x28x28xf16>, tensor<1x58x28x28xf16>) -> tensor<1x116x28x28xf16>
  %3 = tpu.conv %2, %h {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x116x28x28xf16>, tensor<1x116x1x1xf16>) -> tensor<1x1x28x28xf16>
  return %3 : tensor<1x1x28x28xf16>
}

// -----

// INT8 filters get scales for the new channels.
// CHECK-LABEL: func.func @bytes
// CHECK: tpu.weight {{.*}} : tensor<64x4x1x1xi8> as tensor<64x4x1x1x!quant.uniform<i8:f32:0, {{(\{(5.000000e-01,){63}5.000000e-01\})}}>>
// CHECK: tpu.concat {{.*}} -> tensor<1x122x28x28x!quant.uniform<i8:f32, 1.000000e+00>>
func.func @bytes(%x: tensor<1x4x28x28x!quant.uniform<i8:f32, 1.0>>) -> tensor<1x1x28x28x!quant.uniform<i8:f32, 1.0>> {
  %f = tpu.weight dense<1> : tensor<58x4x1x1xi8> as tensor<58x4x1x1x!quant.uniform<i8:f32:0, {0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5}>>
  %h = tpu.weight dense<1> : tensor<1x116x1x1xi8> as tensor<1x116x1x1x!quant.uniform<i8:f32:0, {0.5}>>
  %0 = tpu.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x28x28x!quant.uniform<i8:f32, 1.0>>, tensor<58x4x1x1x!quant.uniform<i8:f32:0, {0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5}>>) -> tensor<1x58x28x28x!quant.uniform<i8:f32, 1.0>>
  %1 = tpu.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x28x28x!quant.uniform<i8:f32, 1.0>>, tensor<58x4x1x1x!quant.uniform<i8:f32:0, {0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5}>>) -> tensor<1x58x28x28x!quant.uniform<i8:f32, 1.0>>
  %2 = tpu.concat %0, %1 {axis = 1 : i64} : (tensor<1x58x28x28x!quant.uniform<i8:f32, 1.0>>, tensor<1x58x28x28x!quant.uniform<i8:f32, 1.0>>) -> tensor<1x116x28x28x!quant.uniform<i8:f32, 1.0>>
  %3 = tpu.conv %2, %h {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x116x28x28x!quant.uniform<i8:f32, 1.0>>, tensor<1x116x1x1x!quant.uniform<i8:f32:0, {0.5}>>) -> tensor<1x1x28x28x!quant.uniform<i8:f32, 1.0>>
  return %3 : tensor<1x1x28x28x!quant.uniform<i8:f32, 1.0>>
}

// -----

// Others see the concatenation.
// CHECK-LABEL: func.func @read_elsewhere
// CHECK: tpu.concat {{.*}} -> tensor<1x116x28x28xf16>
func.func @read_elsewhere(%x: tensor<1x4x28x28xf16>) -> tensor<1x116x28x28xf16> {
  %f = tpu.weight dense<1.0> : tensor<58x4x1x1xf16>
  %0 = tpu.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x28x28xf16>, tensor<58x4x1x1xf16>) -> tensor<1x58x28x28xf16>
  %1 = tpu.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x28x28xf16>, tensor<58x4x1x1xf16>) -> tensor<1x58x28x28xf16>
  %2 = tpu.concat %0, %1 {axis = 1 : i64} : (tensor<1x58x28x28xf16>, tensor<1x58x28x28xf16>) -> tensor<1x116x28x28xf16>
  %3 = tpu.unary relu %2 : tensor<1x116x28x28xf16>
  return %3 : tensor<1x116x28x28xf16>
}

// -----

// What a depthwise convolution makes of a part is a part of as many channels.
// CHECK-LABEL: func.func @part_of_a_part
// CHECK: tpu.conv %arg0, {{.*}} -> tensor<1x64x28x28xf16>
// CHECK: tpu.conv {{.*}}group = 64 {{.*}}tensor<64x1x3x3xf16>) -> tensor<1x64x28x28xf16>
// CHECK: tpu.concat {{.*}} -> tensor<1x128x28x28xf16>
func.func @part_of_a_part(%x: tensor<1x4x28x28xf16>) -> tensor<1x1x28x28xf16> {
  %f = tpu.weight dense<1.0> : tensor<58x4x1x1xf16>
  %d = tpu.weight dense<1.0> : tensor<58x1x3x3xf16>
  %h = tpu.weight dense<1.0> : tensor<1x116x1x1xf16>
  %0 = tpu.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x28x28xf16>, tensor<58x4x1x1xf16>) -> tensor<1x58x28x28xf16>
  %1 = tpu.conv %0, %d {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 58 : i64} : (tensor<1x58x28x28xf16>, tensor<58x1x3x3xf16>) -> tensor<1x58x28x28xf16>
  %2 = tpu.concat %0, %1 {axis = 1 : i64} : (tensor<1x58x28x28xf16>, tensor<1x58x28x28xf16>) -> tensor<1x116x28x28xf16>
  %3 = tpu.conv %2, %h {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x116x28x28xf16>, tensor<1x116x1x1xf16>) -> tensor<1x1x28x28xf16>
  return %3 : tensor<1x1x28x28xf16>
}

// -----

// Others see the part.
// CHECK-LABEL: func.func @part_read_elsewhere
// CHECK: tpu.concat {{.*}} -> tensor<1x116x28x28xf16>
func.func @part_read_elsewhere(%x: tensor<1x4x28x28xf16>) -> (tensor<1x1x28x28xf16>, tensor<1x58x28x28xf16>) {
  %f = tpu.weight dense<1.0> : tensor<58x4x1x1xf16>
  %h = tpu.weight dense<1.0> : tensor<1x116x1x1xf16>
  %0 = tpu.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x28x28xf16>, tensor<58x4x1x1xf16>) -> tensor<1x58x28x28xf16>
  %1 = tpu.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x28x28xf16>, tensor<58x4x1x1xf16>) -> tensor<1x58x28x28xf16>
  %2 = tpu.concat %0, %1 {axis = 1 : i64} : (tensor<1x58x28x28xf16>, tensor<1x58x28x28xf16>) -> tensor<1x116x28x28xf16>
  %3 = tpu.conv %2, %h {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x116x28x28xf16>, tensor<1x116x1x1xf16>) -> tensor<1x1x28x28xf16>
  return %3, %0 : tensor<1x1x28x28xf16>, tensor<1x58x28x28xf16>
}

// -----

// Half of all lanes would compute zeros for a reader that is far larger than
// the copy.
// CHECK-LABEL: func.func @passes_cost_more
// CHECK: tpu.concat {{.*}} -> tensor<1x64x28x28xf16>
func.func @passes_cost_more(%x: tensor<1x4x28x28xf16>) -> tensor<1x64x28x28xf16> {
  %f = tpu.weight dense<1.0> : tensor<32x4x1x1xf16>
  %h = tpu.weight dense<1.0> : tensor<64x64x5x5xf16>
  %0 = tpu.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x28x28xf16>, tensor<32x4x1x1xf16>) -> tensor<1x32x28x28xf16>
  %1 = tpu.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x28x28xf16>, tensor<32x4x1x1xf16>) -> tensor<1x32x28x28xf16>
  %2 = tpu.concat %0, %1 {axis = 1 : i64} : (tensor<1x32x28x28xf16>, tensor<1x32x28x28xf16>) -> tensor<1x64x28x28xf16>
  %3 = tpu.conv %2, %h {strides = array<i64: 1, 1>, pads = array<i64: 2, 2, 2, 2>, dilations = array<i64: 1, 1>} : (tensor<1x64x28x28xf16>, tensor<64x64x5x5xf16>) -> tensor<1x64x28x28xf16>
  return %3 : tensor<1x64x28x28xf16>
}
