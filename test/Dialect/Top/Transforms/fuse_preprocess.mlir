// RUN: split-file %s %t
// RUN: tpuc-opt %t/rgb.mlir -pass-pipeline="builtin.module(func.func(top-fuse-preprocess))" | FileCheck %s --check-prefix=PLAIN
// RUN: tpuc-opt %t/rgb.mlir -pass-pipeline="builtin.module(func.func(top-fuse-preprocess{format=bgr_packed}))" | FileCheck %s --check-prefix=PACKED
// RUN: tpuc-opt %t/nhwc.mlir -pass-pipeline="builtin.module(func.func(top-fuse-preprocess))" | FileCheck %s --check-prefix=NHWC
// RUN: not tpuc-opt %t/rgb.mlir -pass-pipeline="builtin.module(func.func(top-fuse-preprocess{format=rgb}))" 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not tpuc-opt %t/rgb.mlir -pass-pipeline="builtin.module(func.func(top-fuse-preprocess{format=gray_planar}))" 2>&1 | FileCheck %s --check-prefix=CHANNELS
// RUN: not tpuc-opt %t/rgb.mlir -pass-pipeline="builtin.module(func.func(top-fuse-preprocess,top-fuse-preprocess))" 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not tpuc-opt %t/broken.mlir -pass-pipeline="builtin.module(func.func(top-fuse-preprocess))" 2>&1 | FileCheck %s --check-prefix=BROKEN
// RUN: not tpuc-opt %t/shape.mlir -pass-pipeline="builtin.module(func.func(top-fuse-preprocess))" 2>&1 | FileCheck %s --check-prefix=SHAPE
// RUN: not tpuc-opt %t/none.mlir -pass-pipeline="builtin.module(func.func(top-fuse-preprocess))" 2>&1 | FileCheck %s --check-prefix=NONE

//--- rgb.mlir
// Every channel is scaled and shifted on its own; the value that the network
// reads keeps the input's name.
// PLAIN: func.func @main(%[[X:.*]]: tensor<1x3x2x4xf32> {top.name = "x", top.port = !quant.uniform<u8:f32, 1.000000e+00>
// PLAIN-SAME: channel_format = "nchw"
// PLAIN-SAME: mean = array<f64: 0.000000e+00, 0.000000e+00, 0.000000e+00>
// PLAIN-SAME: pixel_format = "rgb"
// PLAIN-SAME: resize_dims = array<i64: 4, 8>
// PLAIN-SAME: scale = array<f64: 1.000000e+00, 1.000000e+00, 1.000000e+00>
// PLAIN-SAME: top.range = !quant.calibrated<f32<0.000000e+00:2.550000e+02>>
// PLAIN-DAG: %[[SCALE:.*]] = top.weight dense<{{.*}}5.000000e-01{{.*}}2.500000e-01{{.*}}2.000000e+00{{.*}}> : tensor<3x1x1x1xf32>
// PLAIN-DAG: %[[SHIFT:.*]] = top.weight dense<[-5.000000e+00, -5.000000e+00, -6.000000e+01]> : tensor<3xf32>
// PLAIN: %[[Y:.*]] = top.conv %[[X]], %[[SCALE]], %[[SHIFT]] {{.*}}group = 3 : i64
// PLAIN: top.relu %[[Y]]

// Channels change places in the same convolution, behind the move of axes.
// PACKED: func.func @main(%[[X:.*]]: tensor<1x2x4x3xf32>
// PACKED-SAME: channel_format = "nhwc"
// PACKED-SAME: pixel_format = "bgr"
// PACKED: %[[P:.*]] = top.permute %[[X]] {order = array<i64: 0, 3, 1, 2>}
// PACKED: top.weight dense<{{\[\[\[\[}}0.000000e+00]], {{\[\[}}0.000000e+00]], {{\[\[}}5.000000e-01]]], {{\[\[\[}}0.000000e+00]], {{\[\[}}2.500000e-01]], {{\[\[}}0.000000e+00]]], {{\[\[\[}}2.000000e+00]], {{\[\[}}0.000000e+00]], {{\[\[}}0.000000e+00]]]]> : tensor<3x3x1x1xf32>
// PACKED: top.conv %[[P]]
// PACKED-NOT: group

// FORMAT: error: pixels cannot lie as 'rgb'; choose rgb, bgr, gray or rgba, and _planar or _packed behind it
// CHANNELS: error: input 'x' (argument 0) wants rgb, which pixels of gray do not have; choose another format
// TWICE: error: input 'x' (argument 0) takes pixels already; fuse the preprocessing once
func.func @main(%x: tensor<1x3x2x4xf32> {top.name = "x", top.preprocess = {
    mean = array<f64: 10.0, 20.0, 30.0>, scale = array<f64: 0.5, 0.25, 2.0>,
    pixel_format = "rgb", channel_format = "nchw",
    resize_dims = array<i64: 4, 8>}}) -> tensor<1x3x2x4xf32> {
  %0 = top.relu %x : tensor<1x3x2x4xf32>
  return %0 : tensor<1x3x2x4xf32>
}

//--- nhwc.mlir
// NHWC: func.func @main(%[[X:.*]]: tensor<1x2x4x1xf32>
// NHWC: top.permute %[[X]] {order = array<i64: 0, 3, 1, 2>}
// NHWC: top.conv
// NHWC: top.permute {{.*}} {order = array<i64: 0, 2, 3, 1>} {{.*}} -> tensor<1x2x4x1xf32>
func.func @main(%x: tensor<1x2x4x1xf32> {top.name = "x", top.preprocess = {
    mean = array<f64: 10.0>, scale = array<f64: 0.5>, pixel_format = "gray",
    channel_format = "nhwc"}}) -> tensor<1x2x4x1xf32> {
  %0 = top.relu %x : tensor<1x2x4x1xf32>
  return %0 : tensor<1x2x4x1xf32>
}

//--- broken.mlir
// BROKEN: error: input '' (argument 0) has a broken attribute 'top.preprocess'; transform the model again
func.func @main(%x: tensor<1x3x2x4xf32> {top.preprocess = {
    mean = array<f64: 10.0>, scale = array<f64: 0.5, 0.25, 2.0>,
    pixel_format = "rgb", channel_format = "nchw"}}) -> tensor<1x3x2x4xf32> {
  return %x : tensor<1x3x2x4xf32>
}

//--- shape.mlir
// SHAPE: error: input '' (argument 0) of type 'tensor<3x8xf32>' is no picture of 3 channels; set the pixel format
func.func @main(%x: tensor<3x8xf32> {top.preprocess = {
    mean = array<f64: 1.0, 2.0, 3.0>, scale = array<f64: 0.5, 0.25, 2.0>,
    pixel_format = "rgb", channel_format = "nchw"}}) -> tensor<3x8xf32> {
  return %x : tensor<3x8xf32>
}

//--- none.mlir
// NONE: error: no input says how it is made from a picture; give --mean, --scale and --pixel_format to model_transform
func.func @main(%x: tensor<3x8xf32>) -> tensor<3x8xf32> {
  return %x : tensor<3x8xf32>
}
