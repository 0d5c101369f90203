//===- TestOps.td - An operator that only tests know -------*- tablegen -*-===//
//
// One operator on the level of top and one on that of tpu. They are all that an
// operator is asked for: no source outside of this folder names them.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_TEST_LIB_DIALECT_TEST_TESTOPS_TD
#define TPUC_TEST_LIB_DIALECT_TEST_TESTOPS_TD

include "Dialect/Top/IR/TopBase.td"
include "Dialect/Tpu/IR/TpuBase.td"
include "Interfaces/LowerToCommands.td"

def Test_Dialect : Dialect {
  let name = "test";
  let cppNamespace = "::tpuc::test";
}

def Test_BendOp : Op<Test_Dialect, "bend",
    [Pure, AllTypesMatch<["input", "output"]>, Top_RepeatsTo<"gain", "input">,
     Top_Pointwise, DeclareOpInterfaceMethods<EvaluableOp>]> {
  let summary = "max(x, 0) + gain * x^2 as a network has it";
  let arguments = (ins Top_F32Tensor:$input, Top_F32Tensor:$gain);
  let results = (outs Top_F32Tensor:$output);
  let assemblyFormat =
      "operands attr-dict `:` functional-type(operands, results)";
}

def Test_TileBendOp : Op<Test_Dialect, "tile_bend",
    [Pure, Tpu_SameElementType<["input", "gain", "output"]>, Tpu_Pointwise,
     AllTypesMatch<["input", "output"]>, Tpu_Evaluates,
     DeclareOpInterfaceMethods<LowerToCommandsOpInterface>]> {
  let summary = "max(x, 0) + gain * x^2 as the chip computes it";
  let arguments = (ins Tpu_FloatTensor:$input, Tpu_FloatTensor:$gain);
  let results = (outs Tpu_FloatTensor:$output);
  let assemblyFormat =
      "operands attr-dict `:` functional-type(operands, results)";
}

// The same without a word about what it is.
def Test_SilentOp : Op<Test_Dialect, "silent", [Pure]> {
  let summary = "An operator of which no pass knows anything";
  let arguments = (ins AnyRankedTensor:$input);
  let results = (outs AnyRankedTensor:$output);
  let assemblyFormat =
      "operands attr-dict `:` functional-type(operands, results)";
}

#endif // TPUC_TEST_LIB_DIALECT_TEST_TESTOPS_TD
