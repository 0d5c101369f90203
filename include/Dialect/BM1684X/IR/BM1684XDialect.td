//===- BM1684XDialect.td - The command dialect -------------*- tablegen -*-===//
//
// The dialect of BM1684X commands, its token type and the interface that every
// command implements.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_BM1684X_IR_BM1684XDIALECT_TD
#define TPUC_DIALECT_BM1684X_IR_BM1684XDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def BM1684X_Dialect : Dialect {
  let name = "bm1684x";
  let cppNamespace = "::tpuc::bm1684x";
  let summary = "Commands of the BM1684X compute (TIU) and transfer (GDMA) engines";
  let description = [{
    One operation a hardware command. A command's token stands for its
    completion: whoever reads or overwrites what the command touched waits for
    it. Numeric command ids exist only in the encoded streams.

    Example:

    ```mlir
    %0 = bm1684x.dma.tensor tensor {src_nsize = 1, src_csize = 64}
    %1 = bm1684x.sar add {res0_n = 1, res0_c = 64} wait(%0)
    ```
  }];
  let useDefaultTypePrinterParser = 1;
}

// Every operand and result of a command has this type, so that the text form
// need not spell it.
def BM1684X_Token : TypeDef<BM1684X_Dialect, "Token"> {
  let mnemonic = "token";
  let summary = "Completion of a command";
}

def BM1684X_CommandInterface : OpInterface<"CommandOpInterface"> {
  let cppNamespace = "::tpuc::bm1684x";
  let description = [{
    What every command answers: its layout, its function, its field values and
    what it waits for.
  }];
  let methods = [
    InterfaceMethod<"The command's layout.",
                    "::tpuc::codec::Layout", "getLayout">,
    InterfaceMethod<[{The registers of the command: function and fields. Ids are
                    zero, because they exist only in an encoded stream.}],
                    "void", "getRegisters",
                    (ins "::tpuc::codec::Registers &":$registers)>,
    InterfaceMethod<[{Tokens of the commands that must have finished.}],
                    "::mlir::OperandRange", "getWaitedTokens", (ins),
                    [{ return $_op.getWaits(); }]>,
    InterfaceMethod<"The token that stands for the command's completion.",
                    "::mlir::Value", "getCompletion", (ins),
                    [{ return $_op.getToken(); }]>
  ];
}

#endif // TPUC_DIALECT_BM1684X_IR_BM1684XDIALECT_TD
