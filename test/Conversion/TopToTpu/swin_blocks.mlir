// RUN: tpuc-opt %s -pass-pipeline="builtin.module(top-canonicalize,top-assign-precision{precision=F16},convert-top-to-tpu,canonicalize,cse,func.func(tpu-fuse-attention),canonicalize,cse)" | FileCheck %s

// Two Swin blocks as they are exported, the second with shifted windows, after
// an embedding and before the mean. Windows are cut out once, with the
// embedding's channels; between the blocks one relayout shifts them; nothing
// moves inside a block, and nothing is put back.
// CHECK-LABEL: func.func @main
// CHECK-COUNT-2: tpu.permute
// CHECK-NOT: tpu.{{permute|relayout|slice|concat}}
// CHECK: tpu.attention
// CHECK-NOT: tpu.{{permute|relayout|slice|concat}}
// CHECK: tpu.relayout
// CHECK-NOT: tpu.{{permute|relayout|slice|concat}}
// CHECK: tpu.attention
// CHECK-NOT: tpu.{{relayout|slice|concat}}
// CHECK: tpu.reduce
// CHECK-NOT: tpu.{{permute|relayout|slice|concat}}
// CHECK: return
func.func @main(%arg0: tensor<1x64x14x14xf32> {top.name = "x"}, %arg1: tensor<1x2x49x49xf32> {top.name = "position"}, %arg2: tensor<1x4x1x49x49xf32> {top.name = "mask"}) -> (tensor<1x64xf32> {top.name = "v85"}) {
  %0 = top.reshape %arg0 : (tensor<1x64x14x14xf32>) -> tensor<1x64x196xf32>
  %1 = top.permute %0 {order = array<i64: 0, 2, 1>} : (tensor<1x64x196xf32>) -> tensor<1x196x64xf32>
  %2 = top.reshape %1 : (tensor<1x196x64xf32>) -> tensor<1x14x14x64xf32>
  %3 = top.weight dense<0.5> : tensor<64xf32>
  %4 = top.weight dense<0.5> : tensor<64xf32>
  %5 = top.layer_norm %2, %3, %4 {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : (tensor<1x14x14x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<1x14x14x64xf32>
  %6 = top.weight dense<0.5> : tensor<64xf32>
  %7 = top.weight dense<0.5> : tensor<64xf32>
  %8 = top.layer_norm %5, %6, %7 {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : (tensor<1x14x14x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<1x14x14x64xf32>
  %9 = top.reshape %8 : (tensor<1x14x14x64xf32>) -> tensor<1x2x7x2x7x64xf32>
  %10 = top.permute %9 {order = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x2x7x2x7x64xf32>) -> tensor<1x2x2x7x7x64xf32>
  %11 = top.reshape %10 : (tensor<1x2x2x7x7x64xf32>) -> tensor<4x49x64xf32>
  %12 = top.weight dense<0.5> : tensor<64x192xf32>
  %13 = top.matmul %11, %12 : (tensor<4x49x64xf32>, tensor<64x192xf32>) -> tensor<4x49x192xf32>
  %14 = top.weight dense<0.5> : tensor<192xf32>
  %15 = top.add %13, %14 : (tensor<4x49x192xf32>, tensor<192xf32>) -> tensor<4x49x192xf32>
  %16 = top.reshape %15 : (tensor<4x49x192xf32>) -> tensor<4x49x3x2x32xf32>
  %17 = top.permute %16 {order = array<i64: 2, 0, 3, 1, 4>} : (tensor<4x49x3x2x32xf32>) -> tensor<3x4x2x49x32xf32>
  %18 = top.slice %17 {offsets = array<i64: 0, 0, 0, 0, 0>, sizes = array<i64: 1, 4, 2, 49, 32>, steps = array<i64: 1, 1, 1, 1, 1>}
      : (tensor<3x4x2x49x32xf32>) -> tensor<1x4x2x49x32xf32>
  %19 = top.reshape %18 : (tensor<1x4x2x49x32xf32>) -> tensor<4x2x49x32xf32>
  %20 = top.slice %17 {offsets = array<i64: 1, 0, 0, 0, 0>, sizes = array<i64: 1, 4, 2, 49, 32>, steps = array<i64: 1, 1, 1, 1, 1>}
      : (tensor<3x4x2x49x32xf32>) -> tensor<1x4x2x49x32xf32>
  %21 = top.reshape %20 : (tensor<1x4x2x49x32xf32>) -> tensor<4x2x49x32xf32>
  %22 = top.slice %17 {offsets = array<i64: 2, 0, 0, 0, 0>, sizes = array<i64: 1, 4, 2, 49, 32>, steps = array<i64: 1, 1, 1, 1, 1>}
      : (tensor<3x4x2x49x32xf32>) -> tensor<1x4x2x49x32xf32>
  %23 = top.reshape %22 : (tensor<1x4x2x49x32xf32>) -> tensor<4x2x49x32xf32>
  %24 = top.weight dense<0.5> : tensor<f32>
  %25 = top.mul %19, %24 : (tensor<4x2x49x32xf32>, tensor<f32>) -> tensor<4x2x49x32xf32>
  %26 = top.permute %21 {order = array<i64: 0, 1, 3, 2>} : (tensor<4x2x49x32xf32>) -> tensor<4x2x32x49xf32>
  %27 = top.matmul %25, %26 : (tensor<4x2x49x32xf32>, tensor<4x2x32x49xf32>) -> tensor<4x2x49x49xf32>
  %28 = top.add %27, %arg1 : (tensor<4x2x49x49xf32>, tensor<1x2x49x49xf32>) -> tensor<4x2x49x49xf32>
  %29 = top.softmax %28 {axis = 3 : i64} : (tensor<4x2x49x49xf32>) -> tensor<4x2x49x49xf32>
  %30 = top.matmul %29, %23 : (tensor<4x2x49x49xf32>, tensor<4x2x49x32xf32>) -> tensor<4x2x49x32xf32>
  %31 = top.permute %30 {order = array<i64: 0, 2, 1, 3>} : (tensor<4x2x49x32xf32>) -> tensor<4x49x2x32xf32>
  %32 = top.reshape %31 : (tensor<4x49x2x32xf32>) -> tensor<4x49x64xf32>
  %33 = top.weight dense<0.5> : tensor<64x64xf32>
  %34 = top.matmul %32, %33 : (tensor<4x49x64xf32>, tensor<64x64xf32>) -> tensor<4x49x64xf32>
  %35 = top.weight dense<0.5> : tensor<64xf32>
  %36 = top.add %34, %35 : (tensor<4x49x64xf32>, tensor<64xf32>) -> tensor<4x49x64xf32>
  %37 = top.reshape %36 : (tensor<4x49x64xf32>) -> tensor<1x2x2x7x7x64xf32>
  %38 = top.permute %37 {order = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x2x2x7x7x64xf32>) -> tensor<1x2x7x2x7x64xf32>
  %39 = top.reshape %38 : (tensor<1x2x7x2x7x64xf32>) -> tensor<1x14x14x64xf32>
  %40 = top.add %5, %39 : (tensor<1x14x14x64xf32>, tensor<1x14x14x64xf32>) -> tensor<1x14x14x64xf32>
  %41 = top.weight dense<0.5> : tensor<64xf32>
  %42 = top.weight dense<0.5> : tensor<64xf32>
  %43 = top.layer_norm %40, %41, %42 {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : (tensor<1x14x14x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<1x14x14x64xf32>
  %44 = top.weight dense<0.5> : tensor<64x256xf32>
  %45 = top.matmul %43, %44 : (tensor<1x14x14x64xf32>, tensor<64x256xf32>) -> tensor<1x14x14x256xf32>
  %46 = top.weight dense<0.5> : tensor<256xf32>
  %47 = top.add %45, %46 : (tensor<1x14x14x256xf32>, tensor<256xf32>) -> tensor<1x14x14x256xf32>
  %48 = top.gelu %47 : tensor<1x14x14x256xf32>
  %49 = top.weight dense<0.5> : tensor<256x64xf32>
  %50 = top.matmul %48, %49 : (tensor<1x14x14x256xf32>, tensor<256x64xf32>) -> tensor<1x14x14x64xf32>
  %51 = top.weight dense<0.5> : tensor<64xf32>
  %52 = top.add %50, %51 : (tensor<1x14x14x64xf32>, tensor<64xf32>) -> tensor<1x14x14x64xf32>
  %53 = top.add %40, %52 : (tensor<1x14x14x64xf32>, tensor<1x14x14x64xf32>) -> tensor<1x14x14x64xf32>
  %54 = top.weight dense<0.5> : tensor<64xf32>
  %55 = top.weight dense<0.5> : tensor<64xf32>
  %56 = top.layer_norm %53, %54, %55 {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : (tensor<1x14x14x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<1x14x14x64xf32>
  %57 = top.slice %56 {offsets = array<i64: 0, 3, 0, 0>, sizes = array<i64: 1, 11, 14, 64>, steps = array<i64: 1, 1, 1, 1>}
      : (tensor<1x14x14x64xf32>) -> tensor<1x11x14x64xf32>
  %58 = top.slice %56 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 3, 14, 64>, steps = array<i64: 1, 1, 1, 1>}
      : (tensor<1x14x14x64xf32>) -> tensor<1x3x14x64xf32>
  %59 = top.concat %57, %58 {axis = 1 : i64} : (tensor<1x11x14x64xf32>, tensor<1x3x14x64xf32>) -> tensor<1x14x14x64xf32>
  %60 = top.slice %59 {offsets = array<i64: 0, 0, 3, 0>, sizes = array<i64: 1, 14, 11, 64>, steps = array<i64: 1, 1, 1, 1>}
      : (tensor<1x14x14x64xf32>) -> tensor<1x14x11x64xf32>
  %61 = top.slice %59 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 14, 3, 64>, steps = array<i64: 1, 1, 1, 1>}
      : (tensor<1x14x14x64xf32>) -> tensor<1x14x3x64xf32>
  %62 = top.concat %60, %61 {axis = 2 : i64} : (tensor<1x14x11x64xf32>, tensor<1x14x3x64xf32>) -> tensor<1x14x14x64xf32>
  %63 = top.reshape %62 : (tensor<1x14x14x64xf32>) -> tensor<1x2x7x2x7x64xf32>
  %64 = top.permute %63 {order = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x2x7x2x7x64xf32>) -> tensor<1x2x2x7x7x64xf32>
  %65 = top.reshape %64 : (tensor<1x2x2x7x7x64xf32>) -> tensor<4x49x64xf32>
  %66 = top.weight dense<0.5> : tensor<64x192xf32>
  %67 = top.matmul %65, %66 : (tensor<4x49x64xf32>, tensor<64x192xf32>) -> tensor<4x49x192xf32>
  %68 = top.weight dense<0.5> : tensor<192xf32>
  %69 = top.add %67, %68 : (tensor<4x49x192xf32>, tensor<192xf32>) -> tensor<4x49x192xf32>
  %70 = top.reshape %69 : (tensor<4x49x192xf32>) -> tensor<4x49x3x2x32xf32>
  %71 = top.permute %70 {order = array<i64: 2, 0, 3, 1, 4>} : (tensor<4x49x3x2x32xf32>) -> tensor<3x4x2x49x32xf32>
  %72 = top.slice %71 {offsets = array<i64: 0, 0, 0, 0, 0>, sizes = array<i64: 1, 4, 2, 49, 32>, steps = array<i64: 1, 1, 1, 1, 1>}
      : (tensor<3x4x2x49x32xf32>) -> tensor<1x4x2x49x32xf32>
  %73 = top.reshape %72 : (tensor<1x4x2x49x32xf32>) -> tensor<4x2x49x32xf32>
  %74 = top.slice %71 {offsets = array<i64: 1, 0, 0, 0, 0>, sizes = array<i64: 1, 4, 2, 49, 32>, steps = array<i64: 1, 1, 1, 1, 1>}
      : (tensor<3x4x2x49x32xf32>) -> tensor<1x4x2x49x32xf32>
  %75 = top.reshape %74 : (tensor<1x4x2x49x32xf32>) -> tensor<4x2x49x32xf32>
  %76 = top.slice %71 {offsets = array<i64: 2, 0, 0, 0, 0>, sizes = array<i64: 1, 4, 2, 49, 32>, steps = array<i64: 1, 1, 1, 1, 1>}
      : (tensor<3x4x2x49x32xf32>) -> tensor<1x4x2x49x32xf32>
  %77 = top.reshape %76 : (tensor<1x4x2x49x32xf32>) -> tensor<4x2x49x32xf32>
  %78 = top.weight dense<0.5> : tensor<f32>
  %79 = top.mul %73, %78 : (tensor<4x2x49x32xf32>, tensor<f32>) -> tensor<4x2x49x32xf32>
  %80 = top.permute %75 {order = array<i64: 0, 1, 3, 2>} : (tensor<4x2x49x32xf32>) -> tensor<4x2x32x49xf32>
  %81 = top.matmul %79, %80 : (tensor<4x2x49x32xf32>, tensor<4x2x32x49xf32>) -> tensor<4x2x49x49xf32>
  %82 = top.add %81, %arg1 : (tensor<4x2x49x49xf32>, tensor<1x2x49x49xf32>) -> tensor<4x2x49x49xf32>
  %83 = top.reshape %82 : (tensor<4x2x49x49xf32>) -> tensor<1x4x2x49x49xf32>
  %84 = top.add %83, %arg2 : (tensor<1x4x2x49x49xf32>, tensor<1x4x1x49x49xf32>) -> tensor<1x4x2x49x49xf32>
  %85 = top.reshape %84 : (tensor<1x4x2x49x49xf32>) -> tensor<4x2x49x49xf32>
  %86 = top.softmax %85 {axis = 3 : i64} : (tensor<4x2x49x49xf32>) -> tensor<4x2x49x49xf32>
  %87 = top.matmul %86, %77 : (tensor<4x2x49x49xf32>, tensor<4x2x49x32xf32>) -> tensor<4x2x49x32xf32>
  %88 = top.permute %87 {order = array<i64: 0, 2, 1, 3>} : (tensor<4x2x49x32xf32>) -> tensor<4x49x2x32xf32>
  %89 = top.reshape %88 : (tensor<4x49x2x32xf32>) -> tensor<4x49x64xf32>
  %90 = top.weight dense<0.5> : tensor<64x64xf32>
  %91 = top.matmul %89, %90 : (tensor<4x49x64xf32>, tensor<64x64xf32>) -> tensor<4x49x64xf32>
  %92 = top.weight dense<0.5> : tensor<64xf32>
  %93 = top.add %91, %92 : (tensor<4x49x64xf32>, tensor<64xf32>) -> tensor<4x49x64xf32>
  %94 = top.reshape %93 : (tensor<4x49x64xf32>) -> tensor<1x2x2x7x7x64xf32>
  %95 = top.permute %94 {order = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x2x2x7x7x64xf32>) -> tensor<1x2x7x2x7x64xf32>
  %96 = top.reshape %95 : (tensor<1x2x7x2x7x64xf32>) -> tensor<1x14x14x64xf32>
  %97 = top.slice %96 {offsets = array<i64: 0, 11, 0, 0>, sizes = array<i64: 1, 3, 14, 64>, steps = array<i64: 1, 1, 1, 1>}
      : (tensor<1x14x14x64xf32>) -> tensor<1x3x14x64xf32>
  %98 = top.slice %96 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 11, 14, 64>, steps = array<i64: 1, 1, 1, 1>}
      : (tensor<1x14x14x64xf32>) -> tensor<1x11x14x64xf32>
  %99 = top.concat %97, %98 {axis = 1 : i64} : (tensor<1x3x14x64xf32>, tensor<1x11x14x64xf32>) -> tensor<1x14x14x64xf32>
  %100 = top.slice %99 {offsets = array<i64: 0, 0, 11, 0>, sizes = array<i64: 1, 14, 3, 64>, steps = array<i64: 1, 1, 1, 1>}
      : (tensor<1x14x14x64xf32>) -> tensor<1x14x3x64xf32>
  %101 = top.slice %99 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 14, 11, 64>, steps = array<i64: 1, 1, 1, 1>}
      : (tensor<1x14x14x64xf32>) -> tensor<1x14x11x64xf32>
  %102 = top.concat %100, %101 {axis = 2 : i64} : (tensor<1x14x3x64xf32>, tensor<1x14x11x64xf32>) -> tensor<1x14x14x64xf32>
  %103 = top.add %53, %102 : (tensor<1x14x14x64xf32>, tensor<1x14x14x64xf32>) -> tensor<1x14x14x64xf32>
  %104 = top.weight dense<0.5> : tensor<64xf32>
  %105 = top.weight dense<0.5> : tensor<64xf32>
  %106 = top.layer_norm %103, %104, %105 {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : (tensor<1x14x14x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<1x14x14x64xf32>
  %107 = top.weight dense<0.5> : tensor<64x256xf32>
  %108 = top.matmul %106, %107 : (tensor<1x14x14x64xf32>, tensor<64x256xf32>) -> tensor<1x14x14x256xf32>
  %109 = top.weight dense<0.5> : tensor<256xf32>
  %110 = top.add %108, %109 : (tensor<1x14x14x256xf32>, tensor<256xf32>) -> tensor<1x14x14x256xf32>
  %111 = top.gelu %110 : tensor<1x14x14x256xf32>
  %112 = top.weight dense<0.5> : tensor<256x64xf32>
  %113 = top.matmul %111, %112 : (tensor<1x14x14x256xf32>, tensor<256x64xf32>) -> tensor<1x14x14x64xf32>
  %114 = top.weight dense<0.5> : tensor<64xf32>
  %115 = top.add %113, %114 : (tensor<1x14x14x64xf32>, tensor<64xf32>) -> tensor<1x14x14x64xf32>
  %116 = top.add %103, %115 : (tensor<1x14x14x64xf32>, tensor<1x14x14x64xf32>) -> tensor<1x14x14x64xf32>
  %117 = top.weight dense<0.5> : tensor<64xf32>
  %118 = top.weight dense<0.5> : tensor<64xf32>
  %119 = top.layer_norm %116, %117, %118 {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : (tensor<1x14x14x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<1x14x14x64xf32>
  %120 = top.reduce mean %119 {axes = array<i64: 1, 2>, keepdims = false} : (tensor<1x14x14x64xf32>) -> tensor<1x64xf32>
  return %120 : tensor<1x64xf32>
}
