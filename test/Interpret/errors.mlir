// RUN: tpuc-opt %s --test-evaluate -split-input-file -verify-diagnostics
// What only the data can get wrong is an error, not a crash.

// expected-error @+1 {{'top.gather' op index 4 is out of range for an axis of size 4}}
func.func @gather_out_of_range() -> tensor<1xf32> {
  %x = top.weight dense<1.0> : tensor<4xf32>
  %i = top.weight dense<4> : tensor<1xi64>
  %0 = top.gather %x, %i {axis = 0 : i64} : (tensor<4xf32>, tensor<1xi64>) -> tensor<1xf32>
  return %0 : tensor<1xf32>
}

// -----

// expected-error @+1 {{'top.gather_elements' op index -5 is out of range for an axis of size 4}}
func.func @gather_elements_out_of_range() -> tensor<1xf32> {
  %x = top.weight dense<1.0> : tensor<4xf32>
  %i = top.weight dense<-5> : tensor<1xi64>
  %0 = top.gather_elements %x, %i {axis = 0 : i64} : (tensor<4xf32>, tensor<1xi64>) -> tensor<1xf32>
  return %0 : tensor<1xf32>
}

// -----

// expected-error @+1 {{'top.scatter_nd' op index 9 is out of range for an axis of size 4}}
func.func @scatter_out_of_range() -> tensor<4xf32> {
  %x = top.weight dense<1.0> : tensor<4xf32>
  %i = top.weight dense<9> : tensor<1x1xi64>
  %u = top.weight dense<2.0> : tensor<1xf32>
  %0 = top.scatter_nd none %x, %i, %u : (tensor<4xf32>, tensor<1x1xi64>, tensor<1xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error @+1 {{'top.div' op divides an integer by zero}}
func.func @divide_by_zero() -> tensor<1xi64> {
  %x = top.weight dense<1> : tensor<1xi64>
  %y = top.weight dense<0> : tensor<1xi64>
  %0 = top.div %x, %y : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// -----

// expected-error @+1 {{'top.weight' op has no data: was it printed with elided resources?}}
func.func @no_data() -> tensor<4xf32> {
  %x = top.weight dense_resource<__elided__> : tensor<4xf32>
  return %x : tensor<4xf32>
}
