//===- Passes.td - Conversions between dialects ------------*- tablegen -*-===//
//
// Passes that lead from one level to the next.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_CONVERSION_TOPTOTPU_PASSES_TD
#define TPUC_CONVERSION_TOPTOTPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def TopAssignPrecision : Pass<"top-assign-precision", "::mlir::ModuleOp"> {
  let summary = "Decides in which types the ops of a network compute";
  let description = [{
    Changes no op; it writes its decisions as attributes, which
    `convert-top-to-tpu` follows and a person may edit in between:

    * `top.element`: of the function, the float type of its ops; of an op, its
      own where it differs: the one that the quantize table names for it, or f32
      where a rule says that less would lose the result. In BF16 the first
      convolutions compute in f32, with `top.result_element` where their results
      do not stay so, and convolutions whose filters are small beside what they
      move keep these in two parts, with `top.filter_element`
      (lib/Conversion/TopToTpu/MixedPrecisionStem.h has the rules and reasons).
    * `top.int8`: the op computes in its INT8 form; one without a form computes
      in f16.
    * `top.quant_type`: the `!quant.uniform` type in which INT8 readers take the
      value. Scales follow from the ranges that `top-import-calibration` left.
      With `asymmetric` values whose range lies more on one side have a zero
      point where the ops that read them have a form for it.
    * `top.prefers_int8`: all that read the value prefer it in INT8.
    * `top.saturates`: finite numbers beyond a 16-bit type become its largest.
    * `top.port`: with `quant-input` and `quant-output`, arguments and results
      that have the types in which the network computes.

    The quantize table is a text file with one op a line, its name and its
    precision (`F32`, `F16`, `BF16` or `INT8`); what follows a `#` is a comment.

    Before:

    ```mlir
    func.func @main(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
      %0 = top.exp %x : tensor<1x8xf32>
      %1 = top.reduce sum %0 {axes = array<i64: 1>, keepdims = true} : (tensor<1x8xf32>) -> tensor<1x1xf32>
      %2 = top.div %0, %1 : (tensor<1x8xf32>, tensor<1x1xf32>) -> tensor<1x8xf32>
      return %2 : tensor<1x8xf32>
    }
    ```

    After, with `precision=F16`:

    ```mlir
    func.func @main(%x: tensor<1x8xf32>) -> tensor<1x8xf32> attributes {top.element = f16} {
      %0 = top.exp %x {top.element = f32} : tensor<1x8xf32>
      %1 = top.reduce sum %0 {axes = array<i64: 1>, keepdims = true, top.element = f32} : (tensor<1x8xf32>) -> tensor<1x1xf32>
      %2 = top.div %0, %1 {top.element = f32} : (tensor<1x8xf32>, tensor<1x1xf32>) -> tensor<1x8xf32>
      return %2 : tensor<1x8xf32>
    }
    ```
  }];
  let options = [
    Option<"precision", "precision", "::tpuc::Precision",
           "::tpuc::Precision::F32", "Precision of ops without a rule",
           [{::llvm::cl::values(
             clEnumValN(::tpuc::Precision::F32, "F32", "32-bit floats"),
             clEnumValN(::tpuc::Precision::F16, "F16", "IEEE 16-bit floats"),
             clEnumValN(::tpuc::Precision::BF16, "BF16", "bfloat16"),
             clEnumValN(::tpuc::Precision::INT8, "INT8", "8-bit integers with scales"))}]>,
    Option<"quantizeTable", "quantize-table", "std::string", "\"\"",
           "File with the precision of single ops">,
    Option<"asymmetric", "asymmetric", "bool", "true",
           "Quantise activations asymmetrically, with a zero point">,
    Option<"quantInput", "quant-input", "bool", "false",
           "Take arguments in the element types that the network computes in">,
    Option<"quantOutput", "quant-output", "bool", "false",
           "Give results in the element types that the network computes in">,
    ListOption<"quantInputs", "quant-inputs", "int64_t",
               "Arguments that quant-input is for, numbered from 1; all "
               "without it">,
    ListOption<"quantOutputs", "quant-outputs", "int64_t",
               "Results that quant-output is for, numbered from 1; all "
               "without it">
  ];
}

def ConvertTopToTpu : Pass<"convert-top-to-tpu", "::mlir::ModuleOp"> {
  let summary = "Lowers a network to operations that the chip has kernels for";
  let description = [{
    Replaces every `top` op by `tpu` ops, in the precision that
    `top-assign-precision` has written into the IR. Casts are inserted between
    values of different precisions. The network's arguments and results stay
    f32, those of integer type become i32; one with the attribute `top.port` has
    the element type that this says or, a result, the one in which it was
    computed. Constants are converted once for each element type in which they
    are used, rounded to nearest, ties to even.

    An op that the chip cannot compute is an error; all of them are reported
    before the pass fails.

    ```mlir
    func.func @main(%x: tensor<1x49x96xf32>) -> tensor<1x49x288xf32> {
      %w = top.weight dense_resource<w> : tensor<96x288xf32>
      %0 = top.matmul %x, %w : (tensor<1x49x96xf32>, tensor<96x288xf32>) -> tensor<1x49x288xf32>
      return %0 : tensor<1x49x288xf32>
    }
    ```

    becomes, after `top-assign-precision=precision=F16`,

    ```mlir
    func.func @main(%x: tensor<1x49x96xf32>) -> tensor<1x49x288xf32> {
      %0 = tpu.cast %x : (tensor<1x49x96xf32>) -> tensor<1x49x96xf16>
      %w = tpu.weight dense_resource<w.f16> : tensor<96x288xf16>
      %1 = tpu.reshape %0 : (tensor<1x49x96xf16>) -> tensor<49x96xf16>
      %2 = tpu.matmul %1, %w : (tensor<49x96xf16>, tensor<96x288xf16>) -> tensor<49x288xf16>
      %3 = tpu.reshape %2 : (tensor<49x288xf16>) -> tensor<1x49x288xf16>
      %4 = tpu.cast %3 : (tensor<1x49x288xf16>) -> tensor<1x49x288xf32>
      return %4 : tensor<1x49x288xf32>
    }
    ```
  }];
  let options = [
    Option<"releaseWeights", "release-weights", "bool", "true",
           "Free the data of f32 resources that have no user left; other "
           "modules of the same context must not use them">
  ];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
}

#endif // TPUC_CONVERSION_TOPTOTPU_PASSES_TD
