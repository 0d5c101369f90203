// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/good" | FileCheck %s
// RUN: not tpuc-opt %t/net.mlir -top-import-calibration="table=%t/extra" 2>&1 | FileCheck %s --check-prefix=EXTRA
// RUN: not tpuc-opt %t/net.mlir -top-import-calibration="table=%t/nan" 2>&1 | FileCheck %s --check-prefix=NAN
// RUN: not tpuc-opt %t/net.mlir -top-import-calibration="table=%t/infinite" 2>&1 | FileCheck %s --check-prefix=INFINITE
// RUN: not tpuc-opt %t/net.mlir -top-import-calibration="table=%t/zero" 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: not tpuc-opt %t/net.mlir -top-import-calibration="table=%t/negative" 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not tpuc-opt %t/net.mlir -top-import-calibration="table=%t/swapped" 2>&1 | FileCheck %s --check-prefix=SWAPPED
// RUN: not tpuc-opt %t/net.mlir -top-import-calibration="table=%t/words" 2>&1 | FileCheck %s --check-prefix=WORDS
// RUN: not tpuc-opt %t/net.mlir -top-import-calibration="table=%t/junk" 2>&1 | FileCheck %s --check-prefix=JUNK
// RUN: not tpuc-opt %t/net.mlir -top-import-calibration="table=%t/twice" 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not tpuc-opt %t/net.mlir -top-import-calibration="table=%t/gone" 2>&1 | FileCheck %s --check-prefix=GONE

//--- net.mlir
func.func @main(%x: tensor<2x4xf32> {top.name = "the input"}) -> tensor<2x4xf32> {
  %0 = top.relu %x : tensor<2x4xf32> loc("relu")
  %1 = top.tanh %0 : tensor<2x4xf32> loc("tanh")
  %2 = top.exp %1 : tensor<2x4xf32> loc("exp")
  %3 = top.neg %2 : tensor<2x4xf32> loc("twice")
  %4 = top.abs %3 : tensor<2x4xf32> loc("twice")
  return %4 : tensor<2x4xf32>
}

// The range is what was seen, cut to the threshold; of a tensor that was
// constant it is the threshold. Names may have blanks. Of ops with one name the
// last has it, the one before a number.
// CHECK: top.name = "the input", top.range = !quant.calibrated<f32<-3.000000e+00:2.500000e+00>>
// CHECK: top.relu {{.*}}top.range = !quant.calibrated<f32<0.000000e+00:4.000000e+00>>
// CHECK: top.tanh {{.*}}top.range = !quant.calibrated<f32<-1.000000e+00:1.000000e+00>>
// What is not finite has no range.
// CHECK: top.exp {{.*}}{top.not_finite}
// CHECK: top.neg {{.*}}top.range = !quant.calibrated<f32<-8.000000e+00:0.000000e+00>>
// CHECK: top.abs {{.*}}top.range = !quant.calibrated<f32<0.000000e+00:7.000000e+00>>

//--- good
# a comment

the input 3 -3.5 2.5
relu 4.0 0.0 5.0
tanh 1.0 0.0 0.0
twice 7.0 0.0 7.0
exp inf 0.0 3.0
twice:0 8.0 -8.0 0.0

//--- extra
relu 4.0 0.0 5.0
sigmoid 1.0 0.0 1.0

# EXTRA: error: {{.*}}extra:2: 'sigmoid' is no tensor of the network; calibrate the module that is compiled

//--- nan
relu nan 0.0 5.0

# NAN: error: {{.*}}nan:1: threshold of 'relu' is nan, expected a finite number

//--- infinite
relu 1.0 0.0 inf

# INFINITE: error: {{.*}}infinite:1: maximum of 'relu' is inf, expected a finite number

//--- zero
relu 0 0.0 5.0

# ZERO: error: {{.*}}zero:1: threshold of 'relu' is 0, expected a positive number

//--- negative
relu -4.0 0.0 5.0

# NEGATIVE: error: {{.*}}negative:1: threshold of 'relu' is -4.0, expected a positive number

//--- swapped
relu 4.0 5.0 0.0

# SWAPPED: error: {{.*}}swapped:1: minimum of 'relu' is 5.0, above its maximum 0.0

//--- words
relu 4.0 5.0

# WORDS: error: {{.*}}words:1: 'relu 4.0 5.0' is no entry, expected a tensor's name, threshold, minimum and maximum

//--- junk
tanh 1.0 0.0 1.0
relu 4.0 zero 5.0

# JUNK: error: {{.*}}junk:2: minimum of 'relu' is 'zero', expected a number

//--- twice
relu 4.0 0.0 5.0
relu 4.0 0.0 5.0

# TWICE: error: {{.*}}twice:2: 'relu' is in line 1 already, expected one entry a tensor

# GONE: error: cannot read calibration table '{{.*}}gone': No such file or directory
