//===- CommandBase.td - How a command is described ---------*- tablegen -*-===//
//
// The classes with which the commands are described: a field has a name and a
// meaning, a layout places fields at bit positions, and a command operation has
// an engine, an opcode, a length and functions.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_BM1684X_IR_COMMANDBASE_TD
#define TPUC_DIALECT_BM1684X_IR_COMMANDBASE_TD

include "Dialect/BM1684X/IR/BM1684XDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

/// A field of command words, the same in every layout that has it.
class Field<string fieldName, string meaning> {
  string name = fieldName;
  string description = meaning;
}

/// Bits [lsb, lsb + width) of a command word hold a field.
class At<Field placed, int lowBit, int bitCount> {
  Field named = placed;
  int lsb = lowBit;
  int width = bitCount;
}

/// A function that a command's unit performs, by its code.
class Function<int functionCode, string functionKeyword> {
  int number = functionCode;
  string keyword = functionKeyword;
}

/// A condition on a command's registers `r`, in C++, for some functions (all
/// where the list is empty), and the sentence that says what is wrong where it
/// does not hold. A rule states what the vendor's functional model executes:
/// probed, not derived. lib/Target/BM1684X/CommandRules.cpp has the words.
class Rule<list<int> functionCodes, string holds, string sentence> {
  list<int> functions = functionCodes;
  string condition = holds;
  string reason = sentence;
}

/// One operation a command layout. The operands are the tokens of the commands
/// that must have finished; the result is the command's own token. Fields that
/// are not zero are attributes by their names, without those that the encoder
/// derives (form, opcode, function, ids).
class BM1684X_CommandOp<string mnemonic, string engineName, string registerName,
                        int commandOpcode, string commandForm, int length,
                        list<Function> commandFunctions,
                        list<At> commandFields>
    : Op<BM1684X_Dialect, mnemonic,
         [DeclareOpInterfaceMethods<BM1684X_CommandInterface>]> {
  string engine = engineName;
  string layoutName = registerName;
  int opcode = commandOpcode;
  string form = commandForm;
  int byteLength = length;
  list<Function> functions = commandFunctions;
  list<At> fields = commandFields;
  list<Rule> rules = [];

  let description = [{
    The operands are tokens of commands that must have finished before this one
    starts; the encoder turns those of the other queue into `cmd_id_dep`. Fields
    that are not named are zero. The register reference lists each field's
    position and meaning.
  }];
  let arguments = (ins Variadic<BM1684X_Token>:$waits, I32Attr:$function,
      DictionaryAttr:$fields);
  let results = (outs BM1684X_Token:$token);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "const ::tpuc::codec::Registers &":$registers,
      "::mlir::ValueRange":$waits)>];
}

class TiuCommand<string mnemonic, string registerName, int commandOpcode,
                 string commandForm, int length, list<Function> commandFunctions,
                 list<At> commandFields>
    : BM1684X_CommandOp<mnemonic, "Tiu", registerName, commandOpcode,
                        commandForm, length, commandFunctions, commandFields>;

class GdmaCommand<string mnemonic, string registerName, int commandOpcode,
                  string commandForm, int length, list<Function> commandFunctions,
                  list<At> commandFields>
    : BM1684X_CommandOp<mnemonic, "Gdma", registerName, commandOpcode,
                        commandForm, length, commandFunctions, commandFields>;

#endif // TPUC_DIALECT_BM1684X_IR_COMMANDBASE_TD
