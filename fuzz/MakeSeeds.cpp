//===- MakeSeeds.cpp - The seed corpus of the fuzz targets ----------------===//
//
// Writes one small input for every function of every command layout, and a few
// containers, into a folder a target: fuzz-make-seeds DIR. The seeds come from
// the command description, so that a new layout has seeds as soon as it exists.
//
//===----------------------------------------------------------------------===//

#include "Target/BM1684X/Bmodel.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace tpuc;
using codec::Engine;
using codec::Layout;
using codec::Registers;

namespace {

/// Small sizes and places that do not overlap, in every field that has such a
/// meaning.
Registers smallCommand(Layout layout, uint32_t function, unsigned precision) {
  const codec::LayoutInfo &info = codec::layoutInfo(layout);
  bool tiu = info.engine == Engine::Tiu;
  Registers r;
  for (const codec::FieldInfo &field : info.fields) {
    StringRef name = codec::fieldName(field.id);
    uint64_t value = 0;
    if (name.contains("addr"))
      value = name.contains("h8") || name.contains("l8") ? 0
              : name.starts_with("res0")                 ? 0x8000
              : name.starts_with("res1")                 ? 0xc000
              : name.starts_with("opd1")                 ? 0x1000
              : name.starts_with("opd2")                 ? 0x2000
              : name.starts_with("opd3")                 ? 0x3000
              : name.starts_with("dst")                  ? 0x8008000
              : name.starts_with("src") || name.starts_with("mask") ||
                      name.starts_with("index")
                  ? 0x8000000
                  : 0;
    else if (name.ends_with("prec") || name.ends_with("format"))
      value = precision;
    else if (name.ends_with("size") || name.ends_with("_n") ||
             name.ends_with("_c") || name.ends_with("_h") ||
             name.ends_with("_w"))
      value = tiu ? 2 : 4;
    else if (name.ends_with("lane_num") || name.starts_with("localmem_mask"))
      value = ~uint64_t(0);
    else if (name.starts_with("res_op_") || name == "tsk_opd_num")
      value = name == "tsk_opd_num" ? 2 : 1;
    else if (name.ends_with("_wstride") || name.ends_with("_cstride"))
      value = 1;
    if (field.width < 64)
      value &= (uint64_t(1) << field.width) - 1;
    codec::setField(r, field.id, value);
  }
  codec::setFunctionCode(info.engine, r, function);
  r.cmd_id = 1;
  r.cmd_id_dep = 0;
  return r;
}

std::vector<uint8_t> encode(Layout layout, const Registers &registers) {
  std::vector<uint8_t> bytes(codec::layoutInfo(layout).bytes);
  std::string error;
  if (!codec::encode(layout, registers, bytes, error)) {
    errs() << "error: " << codec::layoutInfo(layout).name << ": " << error
           << "\n";
    exit(1);
  }
  return bytes;
}

void write(StringRef folder, StringRef name, ArrayRef<uint8_t> bytes) {
  if (std::error_code error = sys::fs::create_directories(folder)) {
    errs() << "error: " << folder << ": " << error.message() << "\n";
    exit(1);
  }
  SmallString<128> path(folder);
  sys::path::append(path, name);
  std::error_code error;
  raw_fd_ostream os(path, error);
  if (error) {
    errs() << "error: " << path << ": " << error.message() << "\n";
    exit(1);
  }
  os << toStringRef(bytes);
}

/// A container with one network; `withSideTable` adds a side table.
void writeContainer(StringRef folder, StringRef name, bool withSideTable) {
  target::Bmodel model;
  model.version = "2.2+seed";
  model.time = "now";
  Registers add;
  add.tsk_eu_typ = 2;
  add.cmd_id = 1;
  std::vector<uint8_t> tiu = encode(Layout::SAr, add);
  Registers end;
  end.tsk_eu_typ = 31;
  append_range(tiu, encode(Layout::Sysid, end));
  std::vector<uint8_t> gdma = encode(Layout::SDmaSys, Registers());
  target::Stage stage;
  stage.inputs.push_back(
      {"in", target::DataType::F32, {2, 3}, 0x100001000, 24, 1.0f, 0});
  stage.outputs.push_back(
      {"out", target::DataType::I8, {6}, 0x100001040, 6, 0.5f, 3});
  stage.coefficients.address = 0x100000000;
  stage.coefficients.bytes = model.keep(std::vector<uint8_t>(64, 7));
  stage.coefficients.ranges.push_back({"w", 0, 64});
  stage.contextAddress = 0x100001000;
  stage.contextSize = 4096;
  target::Bytes tiuBytes = model.keep(tiu);
  stage.groups.push_back({tiuBytes, model.keep(gdma), 2, 1});
  if (withSideTable) {
    target::SideTable side;
    side.layers = {{"add", "tpu.add"}};
    side.groups = {{{0, target::SideTable::kNone}, {0}}};
    stage.sideTable = side;
  }
  model.networks.push_back({"net", {stage}});
  std::string bytes;
  raw_string_ostream os(bytes);
  if (Error error = target::serializeBmodel(model, os)) {
    errs() << "error: " << toString(std::move(error)) << "\n";
    exit(1);
  }
  write(folder, name, arrayRefFromStringRef(bytes));
}

} // namespace

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  if (argc != 2) {
    errs() << "usage: fuzz-make-seeds DIR\n";
    return 1;
  }
  auto folder = [&](const char *target) {
    SmallString<128> path(argv[1]);
    sys::path::append(path, target);
    return std::string(path);
  };
  for (unsigned i = 0; i < codec::kNumLayouts; ++i) {
    const codec::LayoutInfo &info = codec::layoutInfo(Layout(i));
    uint8_t queue = info.engine == Engine::Gdma;
    for (const codec::FunctionInfo &function : info.functions)
      for (unsigned precision : {0u, 1u, 2u, 4u}) {
        std::vector<uint8_t> bytes = encode(
            Layout(i), smallCommand(Layout(i), function.code, precision));
        std::string name = std::string(info.mnemonic) + "-" +
                           std::to_string(function.code) + "-" +
                           std::to_string(precision);
        bytes.insert(bytes.begin(), queue);
        write(folder("stream"), name, bytes);
        // The simulators' targets have a byte of options first.
        bytes.insert(bytes.begin(), uint8_t(precision));
        write(folder("simulator"), name, bytes);
        write(folder("timing"), name, bytes);
      }
  }
  writeContainer(folder("bmodel"), "plain", false);
  writeContainer(folder("bmodel"), "side-table", true);
  return 0;
}
