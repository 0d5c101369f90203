// RUN: tpuc-opt %s --test-evaluate -o /dev/null | FileCheck %s

// One unit, two steps; the sums without a state are 0 and 1.
// CHECK-LABEL: @cells
// An identity: h = x + h.
// CHECK-NEXT: f32 [1, 1, 3, 1]: 2 3 3
// The other way round.
// CHECK-NEXT: f32 [1, 1, 3, 1]: 3 3 3
// The second step is none.
// CHECK-NEXT: f32 [1, 1, 3, 1]: 2 0 2
// z = 0.5: half of the old, half of tanh(x).
// CHECK-NEXT: f32 [1, 1, 3, 1]: 1.38
// c = 0.5 c + 0.5 tanh(x), h = 0.5 tanh(c).
// CHECK-NEXT: f32 [1, 1, 3, 1]: 0.1817 0.1817 0.380797
func.func @cells() -> (tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>) {
  %x = top.weight dense<[[[[0.0], [1.0]]]]> : tensor<1x1x2x1xf32>
  %one = top.weight dense<1.0> : tensor<1x1x1xf32>
  %h = top.weight dense<2.0> : tensor<1x1x1x1xf32>
  %mask = top.weight dense<[[1.0], [0.0]]> : tensor<2x1xf32>
  %0 = top.recurrent rnn forward %x, %one, %h {gate_activation = 8 : i32, alphas = array<f64: 1.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x1x2x1xf32>, tensor<1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x3x1xf32>
  %1 = top.recurrent rnn reverse %x, %one, %h {gate_activation = 8 : i32, alphas = array<f64: 1.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x1x2x1xf32>, tensor<1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x3x1xf32>
  %2 = top.recurrent rnn forward %x, %one, %h, %mask {gate_activation = 8 : i32, alphas = array<f64: 1.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x1x2x1xf32>, tensor<1x1x1xf32>, tensor<1x1x1x1xf32>, tensor<2x1xf32>) -> tensor<1x1x3x1xf32>
  %xg = top.weight dense<[[[[0.0]], [[0.0]], [[1.0]]]]> : tensor<1x3x1x1xf32>
  %zero3 = top.weight dense<0.0> : tensor<1x3x1xf32>
  %g = top.recurrent gru forward %xg, %zero3, %h {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x3x1x1xf32>, tensor<1x3x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x1xf32>
  %3 = top.concat %g, %h {axis = 2 : i64} : (tensor<1x1x2x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x3x1xf32>
  %xl = top.weight dense<[[[[0.0]], [[0.0]], [[0.0]], [[1.0]]]]> : tensor<1x4x1x1xf32>
  %zero4 = top.weight dense<0.0> : tensor<1x4x1xf32>
  %state = top.weight dense<0.0> : tensor<2x1x1x1xf32>
  %4 = top.recurrent lstm forward %xl, %zero4, %state {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x4x1x1xf32>, tensor<1x4x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x1x3x1xf32>
  return %0, %1, %2, %3, %4 : tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>, tensor<1x1x3x1xf32>
}
