//===- Bmodel.h - The .bmodel container -------------------------*- C++ -*-===//
//
// A .bmodel file as plain structs: networks, their stages, tensors, command
// streams and coefficients. Reading checks every range and refuses what is not
// a static single-core model; writing is deterministic. What commands mean is
// not known here, and neither is MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_TARGET_BM1684X_BMODEL_H
#define TPUC_TARGET_BM1684X_BMODEL_H

#include "Target/BM1684X/Codec.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace tpuc::target {

using Bytes = std::span<const uint8_t>;

/// Element types of network inputs and outputs, as the container numbers them.
enum class DataType : uint32_t {
  F32 = 0,
  F16 = 1,
  I8 = 2,
  U8 = 3,
  I16 = 4,
  U16 = 5,
  I32 = 6,
  U32 = 7,
  BF16 = 8,
  I4 = 9,
  U4 = 10
};

/// "f32", "i8", "ui8", ...; "unknown" for other values.
const char *dataTypeName(DataType type);

/// The type of that name, if there is one.
std::optional<DataType> findDataType(llvm::StringRef name);

/// Bits of an element, or 0 for an unknown type.
unsigned dataTypeBits(DataType type);

/// An input or output of a stage: where it lies in global memory.
struct TensorInfo {
  std::string name;
  DataType type = DataType::F32;
  std::vector<uint64_t> shape;
  uint64_t address = 0;
  uint64_t size = 0; ///< bytes, at least those of the elements
  float scale = 1.0f;
  int32_t zeroPoint = 0;
};

/// The part of the coefficients that one weight takes; offsets in bytes.
struct CoefficientRange {
  std::string name;
  uint64_t offset = 0;
  uint64_t size = 0;
};

/// The weights of a stage. `bytes` is a view; see Bmodel.
struct Coefficients {
  uint64_t address = 0;
  Bytes bytes;
  std::vector<CoefficientRange> ranges;
};

/// The streams of the two queues, up to and including their end commands. The
/// views may be followed by padding zeros.
struct CommandGroup {
  Bytes tiu;
  Bytes gdma;
  uint32_t tiuCount = 0; ///< commands, with the end command
  uint32_t gdmaCount = 0;
};

/// What the commands have to do with the source model. Readers other than
/// tpuc's ignore it.
struct SideTable {
  static constexpr uint32_t kNone = ~uint32_t(0);

  /// An operation of the compiled model.
  struct Layer {
    std::string name; ///< of the source model's node
    std::string kind; ///< e.g. "tpu.matmul"
    /// Index into `fusedGroups` of the operations that it was scheduled with.
    uint32_t fusedGroup = kNone;
    bool operator==(const Layer &) const = default;
  };

  /// For each command of a group, the index into `layers`, or kNone.
  struct Group {
    std::vector<uint32_t> tiu;
    std::vector<uint32_t> gdma;
    bool operator==(const Group &) const = default;
  };

  enum class Memory : uint8_t { Global, Local };

  /// Where a tensor of the source model lies once a command has run. Later
  /// commands may overwrite it.
  struct Tensor {
    std::string name;
    std::vector<uint64_t> shape; ///< as in the source model
    DataType type = DataType::F32;
    float scale = 1.0f; ///< of quantised data, as in TensorInfo
    int32_t zeroPoint = 0;

    Memory memory = Memory::Global;
    /// In global memory an address of the chip; in local memory a byte inside
    /// the lane `lane`, which holds the first element.
    uint64_t address = 0;
    uint32_t lane = 0;
    /// The shape that the memory is addressed with, as many elements as `shape`
    /// in the same order, and its strides in elements. In local memory they are
    /// n, c, h, w; c goes across the lanes, and its stride leads to the next
    /// row of all lanes. Empty when the tensor is row-major without gaps.
    std::vector<uint64_t> dims;
    std::vector<uint64_t> strides;

    /// The command that completes it: its command group, its queue (0 for the
    /// TIU, 1 for the GDMA) and its id.
    uint32_t group = 0;
    uint32_t engine = 0;
    uint32_t command = 0;
    /// The id in the other queue that must be complete too, or 0.
    uint32_t otherCommand = 0;
    bool operator==(const Tensor &) const = default;
  };

  std::vector<Layer> layers;
  std::vector<Group> groups;
  /// Names of groups of operations that were scheduled together.
  std::vector<std::string> fusedGroups;
  /// In the order of their completion as far as one queue decides it.
  std::vector<Tensor> tensors;
  /// Why the compiler chose what it chose, a JSON text, or empty.
  std::string explanation;
  /// How inputs are made from pictures: a JSON object of an object for each
  /// such input, with the fields of python/tpuc/preprocess.py; or empty.
  std::string preprocess;
  bool operator==(const SideTable &) const = default;
};

/// A network for one set of input shapes.
struct Stage {
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  Coefficients coefficients;
  uint64_t contextAddress = 0; ///< activations, with inputs and outputs
  uint64_t contextSize = 0;
  std::vector<CommandGroup> groups;
  std::optional<SideTable> sideTable;
};

struct Network {
  std::string name;
  std::vector<Stage> stages;
};

/// The firmware that some containers carry for a board.
struct KernelModule {
  std::string fileName;
  Bytes bytes;
};

/// A whole container. Its views point into `buffer`, into what keep() holds or
/// into memory of whoever built the model, who then keeps it alive.
struct Bmodel {
  std::string chip = "BM1684X";
  std::string version;
  std::string time;
  std::vector<Network> networks;
  std::optional<KernelModule> kernelModule;

  /// Takes ownership of `bytes` and returns a view of them that lives as long
  /// as the model or a copy of it.
  Bytes keep(std::vector<uint8_t> bytes);

  std::shared_ptr<llvm::MemoryBuffer> buffer;
  /// What else the views point into.
  std::vector<std::shared_ptr<const void>> storage;
};

/// All networks of several models as one. Networks of the same name become one
/// with the stages of all, which share equal weights; the firmware is that of
/// the first model that has one. With `sharesAll` networks of different names
/// share equal weights, too. Fails when two stages of a name take the same
/// shapes.
llvm::Expected<Bmodel> combineBmodels(llvm::ArrayRef<Bmodel> models,
                                      bool sharesAll = false);

struct ReadOptions {
  /// Compare the coefficients with their SHA-256; reads all of them.
  bool checkDigest = false;
};

/// Maps the file and reads it. The error says what is wrong and, for a model
/// of an unsupported kind, which kind. Coefficients and commands are not
/// copied.
llvm::Expected<Bmodel> readBmodel(llvm::StringRef path,
                                  const ReadOptions &options = {});

/// As above, for bytes in memory; `buffer` is kept by the result.
llvm::Expected<Bmodel> parseBmodel(std::shared_ptr<llvm::MemoryBuffer> buffer,
                                   const ReadOptions &options = {});

/// Writes the container. The same model gives the same bytes.
llvm::Error serializeBmodel(const Bmodel &model, llvm::raw_ostream &os);

/// Writes to a temporary file beside `path` and renames it, so that a reader
/// never sees half a file.
llvm::Error writeBmodel(const Bmodel &model, llvm::StringRef path);

/// Calls `visit` for each command of a stream, up to and including the end
/// command, with its index from 0, its byte offset, layout and registers. Fails
/// on what is no command, on a stream without an end, and when `visit` fails.
llvm::Error forEachCommand(
    codec::Engine engine, Bytes stream,
    llvm::function_ref<llvm::Error(size_t index, size_t offset,
                                   codec::Layout layout,
                                   const codec::Registers &registers)>
        visit);

/// Prints every command of every network, a line each: index, queue, ids,
/// layout, function and fields that are not zero.
llvm::Error disassemble(const Bmodel &model, llvm::raw_ostream &os);

/// The side table as bytes; docs/commands.md has the format.
std::vector<uint8_t> encodeSideTable(const SideTable &table);
/// Returns nothing for bytes that are not a side table of this project. A table
/// of more than `mostCommands` commands, all groups together, is damaged: a few
/// bytes could ask for any amount of memory.
llvm::Expected<std::optional<SideTable>>
decodeSideTable(Bytes bytes, uint64_t mostCommands = 1u << 20);

} // namespace tpuc::target

#endif // TPUC_TARGET_BM1684X_BMODEL_H
