// RUN: tpuc-opt %s -top-assign-precision=precision=F16 -convert-top-to-tpu | FileCheck %s

// The bias of a convolution stays f32: the chip adds it before rounding.
// CHECK-LABEL: @conv
func.func @conv(%x: tensor<1x3x9x9xf32>) -> tensor<1x8x7x7xf32> {
  %w = top.weight dense<0.5> : tensor<8x3x3x3xf32>
  %b = top.weight dense<1.5> : tensor<8xf32>
  // CHECK: %[[W:.*]] = tpu.weight dense<5.000000e-01> : tensor<8x3x3x3xf16>
  // CHECK: %[[B:.*]] = tpu.weight dense<1.500000e+00> : tensor<8xf32>
  // CHECK: tpu.conv %{{.*}}, %[[W]], %[[B]] {{.*}}-> tensor<1x8x7x7xf16>
  %0 = top.conv %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x9x9xf32>, tensor<8x3x3x3xf32>, tensor<8xf32>) -> tensor<1x8x7x7xf32>
  return %0 : tensor<1x8x7x7xf32>
}

// CHECK-LABEL: @conv_of_one_axis
func.func @conv_of_one_axis(%x: tensor<1x3x9xf32>, %w: tensor<8x3x3xf32>) -> tensor<1x8x5xf32> {
  // CHECK: tpu.conv {{.*}}dilations = array<i64: 1, 1>{{.*}}pads = array<i64: 0, 1, 0, 1>{{.*}}strides = array<i64: 1, 2>{{.*}} -> tensor<1x8x1x5xf16>
  // CHECK: tpu.reshape {{.*}} -> tensor<1x8x5xf16>
  %0 = top.conv %x, %w {strides = array<i64: 2>, pads = array<i64: 1, 1>, dilations = array<i64: 1>} : (tensor<1x3x9xf32>, tensor<8x3x3xf32>) -> tensor<1x8x5xf32>
  return %0 : tensor<1x8x5xf32>
}

// Pads above 15 are an op of their own, on their axis only.
// CHECK-LABEL: @conv_with_wide_pads
func.func @conv_with_wide_pads(%x: tensor<1x3x9x9xf32>, %w: tensor<8x3x3x3xf32>) -> tensor<1x8x39x9xf32> {
  // CHECK: tpu.pad {{.*}}pads = array<i64: 0, 0, 16, 0, 0, 0, 16, 0>
  // CHECK: tpu.conv {{.*}}pads = array<i64: 0, 1, 0, 1>
  %0 = top.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 16, 1, 16, 1>, dilations = array<i64: 1, 1>} : (tensor<1x3x9x9xf32>, tensor<8x3x3x3xf32>) -> tensor<1x8x39x9xf32>
  return %0 : tensor<1x8x39x9xf32>
}

// A patch embedding is a convolution of the rows of patches, which are moved
// before the cast.
// CHECK-LABEL: @conv_of_tiles
func.func @conv_of_tiles(%x: tensor<1x3x32x32xf32>) -> tensor<1x8x2x2xf32> {
  %w = top.weight dense<0.5> : tensor<8x3x16x16xf32>
  %b = top.weight dense<1.5> : tensor<8xf32>
  // CHECK: tpu.permute {{.*}}order = array<i64: 0, 1, 3, 2, 4>{{.*}} -> tensor<1x3x16x2x32xf32>
  // CHECK: tpu.cast {{.*}} -> tensor<1x48x4x16xf16>
  // CHECK: tpu.conv {{.*}} : (tensor<1x48x4x16xf16>, tensor<8x48x1x16xf16>, tensor<8xf32>) -> tensor<1x8x4x1xf16>
  // CHECK: tpu.reshape {{.*}} -> tensor<1x8x2x2xf16>
  %0 = top.conv %x, %w, %b {strides = array<i64: 16, 16>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x32x32xf32>, tensor<8x3x16x16xf32>, tensor<8xf32>) -> tensor<1x8x2x2xf32>
  return %0 : tensor<1x8x2x2xf32>
}

// Of few channels it is a matmul of the patches.
// CHECK-LABEL: @conv_of_frames
func.func @conv_of_frames(%x: tensor<1x1x640xf32>) -> tensor<1x64x2xf32> {
  %w = top.weight dense<0.5> : tensor<64x1x320xf32>
  // CHECK: tpu.matmul {{.*}}right_transpose = true{{.*}} : (tensor<2x320xf16>, tensor<64x320xf16>) -> tensor<2x64xf16>
  // CHECK: tpu.permute
  %0 = top.conv %x, %w {strides = array<i64: 320>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : (tensor<1x1x640xf32>, tensor<64x1x320xf32>) -> tensor<1x64x2xf32>
  return %0 : tensor<1x64x2xf32>
}

// Other strides above 15 become channels.
// CHECK-LABEL: @conv_with_long_stride
func.func @conv_with_long_stride(%x: tensor<1x3x40x9xf32>, %w: tensor<8x3x18x3xf32>) -> tensor<1x8x2x7xf32> {
  // CHECK: tpu.pad {{.*}}pads = array<i64: 0, 0, 1, 0, 0, 0, 7, 0>
  // CHECK: tpu.conv {{.*}}strides = array<i64: 1, 1>{{.*}} : (tensor<1x48x3x9xf16>, tensor<8x48x2x3xf16>) -> tensor<1x8x2x7xf16>
  %0 = top.conv %x, %w {strides = array<i64: 16, 1>, pads = array<i64: 1, 0, 1, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x40x9xf32>, tensor<8x3x18x3xf32>) -> tensor<1x8x2x7xf32>
  return %0 : tensor<1x8x2x7xf32>
}

// What the taps of a wide dilation see become channels.
// CHECK-LABEL: @conv_with_wide_dilation
func.func @conv_with_wide_dilation(%x: tensor<1x4x40x9xf32>, %w: tensor<8x2x2x3xf32>) -> tensor<1x8x23x9xf32> {
  // CHECK: tpu.slice {{.*}}offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 4, 23, 9>
  // CHECK: tpu.slice {{.*}}offsets = array<i64: 0, 0, 17, 0>, sizes = array<i64: 1, 4, 23, 9>
  // CHECK: tpu.concat {{.*}}axis = 2 : i64{{.*}} -> tensor<1x2x4x23x9xf16>
  // CHECK: tpu.conv {{.*}}dilations = array<i64: 1, 1>, group = 2 : i64, pads = array<i64: 0, 1, 0, 1>{{.*}} : (tensor<1x8x23x9xf16>, tensor<8x4x1x3xf16>) -> tensor<1x8x23x9xf16>
  %0 = top.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 1, 0, 1>, dilations = array<i64: 17, 1>, group = 2 : i64} : (tensor<1x4x40x9xf32>, tensor<8x2x2x3xf32>) -> tensor<1x8x23x9xf32>
  return %0 : tensor<1x8x23x9xf32>
}

// Taps that meet only pads are none.
// CHECK-LABEL: @conv_dilated_beyond_its_input
func.func @conv_dilated_beyond_its_input(%x: tensor<1x4x9x20xf32>) -> tensor<1x8x9x20xf32> {
  %w = top.weight dense<0.5> : tensor<8x4x3x3xf32>
  // CHECK: tpu.conv {{.*}}dilations = array<i64: 1, 12>, pads = array<i64: 0, 12, 0, 12>{{.*}} : (tensor<1x4x9x20xf16>, tensor<8x4x1x3xf16>) -> tensor<1x8x9x20xf16>
  %0 = top.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 12, 12, 12, 12>, dilations = array<i64: 12, 12>} : (tensor<1x4x9x20xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x9x20xf32>
  return %0 : tensor<1x8x9x20xf32>
}

// Also along the depth: what is left is a convolution of planes.
// CHECK-LABEL: @conv_of_one_plane
func.func @conv_of_one_plane(%x: tensor<2x4x1x9x9xf32>) -> tensor<2x8x1x9x9xf32> {
  %w = top.weight dense<0.5> : tensor<8x4x3x3x3xf32>
  // CHECK-NOT: tpu.pad
  // CHECK: tpu.conv {{.*}}pads = array<i64: 0, 1, 1, 0, 1, 1>, {{.*}} : (tensor<2x4x1x9x9xf16>, tensor<8x4x1x3x3xf16>) -> tensor<2x8x1x9x9xf16>
  %0 = top.conv %x, %w {strides = array<i64: 2, 1, 1>, pads = array<i64: 1, 1, 1, 1, 1, 1>, dilations = array<i64: 1, 1, 1>} : (tensor<2x4x1x9x9xf32>, tensor<8x4x3x3x3xf32>) -> tensor<2x8x1x9x9xf32>
  return %0 : tensor<2x8x1x9x9xf32>
}

// Planes of which all taps meet pads read planes of zeros.
// CHECK-LABEL: @conv_with_planes_of_pads
func.func @conv_with_planes_of_pads(%x: tensor<1x4x1x9x9xf32>) -> tensor<1x8x1x9x9xf32> {
  %w = top.weight dense<0.5> : tensor<8x4x2x1x1xf32>
  // CHECK: tpu.pad {{.*}}pads = array<i64: 0, 0, 1, 0, 0, 0, 0, 1, 0, 0>
  // CHECK: tpu.conv {{.*}}pads = array<i64: 0, 0, 0, 0, 0, 0>
  %0 = top.conv %x, %w {strides = array<i64: 1, 1, 1>, pads = array<i64: 1, 0, 0, 1, 0, 0>, dilations = array<i64: 2, 1, 1>} : (tensor<1x4x1x9x9xf32>, tensor<8x4x2x1x1xf32>) -> tensor<1x8x1x9x9xf32>
  return %0 : tensor<1x8x1x9x9xf32>
}

// Where each plane has a tap in the input, pads stay the convolution's.
// CHECK-LABEL: @conv_of_planes
func.func @conv_of_planes(%x: tensor<1x4x4x9x9xf32>) -> tensor<1x8x4x9x9xf32> {
  %w = top.weight dense<0.5> : tensor<8x4x3x1x1xf32>
  // CHECK-NOT: tpu.pad
  // CHECK: tpu.conv {{.*}}pads = array<i64: 1, 0, 0, 1, 0, 0>
  %0 = top.conv %x, %w {strides = array<i64: 1, 1, 1>, pads = array<i64: 1, 0, 0, 1, 0, 0>, dilations = array<i64: 1, 1, 1>} : (tensor<1x4x4x9x9xf32>, tensor<8x4x3x1x1xf32>) -> tensor<1x8x4x9x9xf32>
  return %0 : tensor<1x8x4x9x9xf32>
}

// Of strides that are much longer than the kernel only what the taps read is
// taken, not the positions between.
// CHECK-LABEL: @conv_with_huge_stride
func.func @conv_with_huge_stride(%x: tensor<1x4x1x1000xf32>) -> tensor<1x8x1x3xf32> {
  %w = top.weight dense<0.5> : tensor<8x4x1x2xf32>
  // CHECK: tpu.slice {{.*}}offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 4, 1, 3>, steps = array<i64: 1, 1, 1, 400>
  // CHECK: tpu.slice {{.*}}offsets = array<i64: 0, 0, 0, 2>, sizes = array<i64: 1, 4, 1, 3>, steps = array<i64: 1, 1, 1, 400>
  // CHECK: tpu.concat
  // CHECK: tpu.conv {{.*}}dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>{{.*}} : (tensor<1x8x1x3xf16>, tensor<8x8x1x1xf16>) -> tensor<1x8x1x3xf16>
  %0 = top.conv %x, %w {strides = array<i64: 1, 400>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 2>} : (tensor<1x4x1x1000xf32>, tensor<8x4x1x2xf32>) -> tensor<1x8x1x3xf32>
  return %0 : tensor<1x8x1x3xf32>
}

// Results before the input have zeros.
// CHECK-LABEL: @conv_with_huge_stride_and_pads
func.func @conv_with_huge_stride_and_pads(%x: tensor<1x4x1x30xf32>) -> tensor<1x8x1x3xf32> {
  %w = top.weight dense<0.5> : tensor<8x4x1x1xf32>
  // CHECK: tpu.slice {{.*}}offsets = array<i64: 0, 0, 0, 7>, sizes = array<i64: 1, 4, 1, 2>, steps = array<i64: 1, 1, 1, 20>
  // CHECK: tpu.pad {{.*}}pads = array<i64: 0, 0, 0, 1, 0, 0, 0, 0>
  // CHECK: tpu.conv {{.*}} : (tensor<1x4x1x3xf16>, tensor<8x4x1x1xf16>) -> tensor<1x8x1x3xf16>
  %0 = top.conv %x, %w {strides = array<i64: 1, 20>, pads = array<i64: 0, 13, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x1x30xf32>, tensor<8x4x1x1xf32>) -> tensor<1x8x1x3xf32>
  return %0 : tensor<1x8x1x3xf32>
}

// A transposed kernel over more than 16 strides reads zeros of the input.
// CHECK-LABEL: @conv_transpose_of_long_kernel
func.func @conv_transpose_of_long_kernel(%x: tensor<1x4x1x6xf32>) -> tensor<1x8x1x44xf32> {
  %w = top.weight dense<0.5> : tensor<4x8x1x36xf32>
  // CHECK: tpu.pad {{.*}}pads = array<i64: 0, 0, 0, 2, 0, 0, 0, 2>
  // CHECK: tpu.conv_transpose {{.*}}pads = array<i64: 0, 5, 0, 5>{{.*}} -> tensor<1x8x1x44xf16>
  %0 = top.conv_transpose %x, %w {strides = array<i64: 1, 2>, pads = array<i64: 0, 1, 0, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>} : (tensor<1x4x1x6xf32>, tensor<4x8x1x36xf32>) -> tensor<1x8x1x44xf32>
  return %0 : tensor<1x8x1x44xf32>
}

// One of 16 does not.
// CHECK-LABEL: @conv_transpose_of_16_strides
func.func @conv_transpose_of_16_strides(%x: tensor<1x4x1x6xf32>) -> tensor<1x8x1x40xf32> {
  %w = top.weight dense<0.5> : tensor<4x8x1x32xf32>
  // CHECK-NOT: tpu.pad
  // CHECK: tpu.conv_transpose {{.*}}pads = array<i64: 0, 1, 0, 1>
  %0 = top.conv_transpose %x, %w {strides = array<i64: 1, 2>, pads = array<i64: 0, 1, 0, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>} : (tensor<1x4x1x6xf32>, tensor<4x8x1x32xf32>) -> tensor<1x8x1x40xf32>
  return %0 : tensor<1x8x1x40xf32>
}

// Longer sums than a command's are sums of parts, in f32.
// CHECK-LABEL: @matmul_of_a_long_sum
func.func @matmul_of_a_long_sum(%x: tensor<1x70000xf32>, %y: tensor<70000x4xf32>) -> tensor<1x4xf32> {
  %b = top.weight dense<1.5> : tensor<4xf32>
  // CHECK: %[[P:.*]] = tpu.matmul {{.*}} : (tensor<1x35008xf16>, tensor<35008x4xf16>, tensor<4xf32>) -> tensor<1x4xf32>
  // CHECK: %[[Q:.*]] = tpu.matmul {{.*}} : (tensor<1x34992xf16>, tensor<34992x4xf16>) -> tensor<1x4xf32>
  // CHECK: tpu.binary {{.*}}%[[P]], %[[Q]]
  // CHECK: tpu.cast {{.*}} -> tensor<1x4xf16>
  %0 = top.matmul %x, %y, %b : (tensor<1x70000xf32>, tensor<70000x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}

// CHECK-LABEL: @matmul_of_shared_right
func.func @matmul_of_shared_right(%x: tensor<2x5x8xf32>) -> tensor<2x5x4xf32> {
  %w = top.weight dense<0.5> : tensor<8x4xf32>
  %b = top.weight dense<1.5> : tensor<4xf32>
  // CHECK: tpu.matmul {{.*}} : (tensor<10x8xf16>, tensor<8x4xf16>, tensor<4xf16>) -> tensor<10x4xf16>
  // CHECK: tpu.reshape {{.*}} -> tensor<2x5x4xf16>
  %0 = top.matmul %x, %w, %b : (tensor<2x5x8xf32>, tensor<8x4xf32>, tensor<4xf32>) -> tensor<2x5x4xf32>
  return %0 : tensor<2x5x4xf32>
}

// CHECK-LABEL: @matmul_of_broadcast_left
func.func @matmul_of_broadcast_left(%x: tensor<5x8xf32>, %y: tensor<3x8x4xf32>) -> tensor<3x5x4xf32> {
  // CHECK: tpu.broadcast {{.*}} : (tensor<1x5x8xf16>) -> tensor<3x5x8xf16>
  // CHECK: tpu.matmul {{.*}} : (tensor<3x5x8xf16>, tensor<3x8x4xf16>) -> tensor<3x5x4xf16>
  %0 = top.matmul %x, %y : (tensor<5x8xf32>, tensor<3x8x4xf32>) -> tensor<3x5x4xf32>
  return %0 : tensor<3x5x4xf32>
}

// Rounded logits would make equal ones of the largest.
// CHECK-LABEL: @argmax_of_product
func.func @argmax_of_product(%x: tensor<1x32xf32>) -> tensor<1xi64> {
  %w = top.weight dense<0.5> : tensor<32x96xf32>
  // CHECK: tpu.matmul {{.*}} : (tensor<1x32xf16>, tensor<32x96xf16>) -> tensor<1x96xf32>
  %0 = top.matmul %x, %w : (tensor<1x32xf32>, tensor<32x96xf32>) -> tensor<1x96xf32>
  %1 = top.arg max %0 {axis = 1 : i64, keepdims = false} : (tensor<1x96xf32>) -> tensor<1xi64>
  return %1 : tensor<1xi64>
}

// What others read too is rounded as ever.
// CHECK-LABEL: @argmax_beside_logits
func.func @argmax_beside_logits(%x: tensor<1x32xf32>) -> (tensor<1xi64>, tensor<1x96xf32>) {
  %w = top.weight dense<0.5> : tensor<32x96xf32>
  // CHECK: tpu.matmul {{.*}} : (tensor<1x32xf16>, tensor<32x96xf16>) -> tensor<1x96xf16>
  %0 = top.matmul %x, %w : (tensor<1x32xf32>, tensor<32x96xf32>) -> tensor<1x96xf32>
  %1 = top.arg max %0 {axis = 1 : i64, keepdims = false} : (tensor<1x96xf32>) -> tensor<1xi64>
  return %1, %0 : tensor<1xi64>, tensor<1x96xf32>
}
