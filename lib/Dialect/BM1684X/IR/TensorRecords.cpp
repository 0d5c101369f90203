//===- TensorRecords.cpp - Tensors of the source model --------------------===//
//
// Records as attributes of locations, and back.
//
//===----------------------------------------------------------------------===//

#include "Dialect/BM1684X/IR/TensorRecords.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::bm1684x;

static constexpr llvm::StringLiteral kTensors = "tensors";

static Attribute toAttribute(MLIRContext *context, const TensorRecord &record) {
  Builder builder(context);
  SmallVector<NamedAttribute> entries;
  auto add = [&](StringRef name, Attribute value) {
    entries.push_back(builder.getNamedAttr(name, value));
  };
  add("name", builder.getStringAttr(record.name));
  add("type", TypeAttr::get(record.type));
  add("address", builder.getI64IntegerAttr(int64_t(record.address)));
  if (record.isLocal)
    add("lane", builder.getI32IntegerAttr(int32_t(record.lane)));
  if (!record.dims.empty()) {
    add("dims", builder.getDenseI64ArrayAttr(record.dims));
    add("strides", builder.getDenseI64ArrayAttr(record.strides));
  }
  if (record.scale != 1.0f || record.zeroPoint != 0) {
    add("scale", builder.getF32FloatAttr(record.scale));
    add("zero_point", builder.getI32IntegerAttr(record.zeroPoint));
  }
  return builder.getDictionaryAttr(entries);
}

static std::optional<TensorRecord> toRecord(Attribute attribute) {
  auto entries = dyn_cast<DictionaryAttr>(attribute);
  auto name = entries ? entries.getAs<StringAttr>("name") : nullptr;
  auto type = entries ? entries.getAs<TypeAttr>("type") : nullptr;
  auto address = entries ? entries.getAs<IntegerAttr>("address") : nullptr;
  auto tensor = type ? dyn_cast<RankedTensorType>(type.getValue()) : nullptr;
  if (!name || !address || !tensor || !tensor.hasStaticShape())
    return std::nullopt;
  TensorRecord record;
  record.name = name.str();
  record.type = tensor;
  record.address = uint64_t(address.getInt());
  if (auto lane = entries.getAs<IntegerAttr>("lane")) {
    record.isLocal = true;
    record.lane = uint32_t(lane.getInt());
  }
  auto dims = entries.getAs<DenseI64ArrayAttr>("dims");
  auto strides = entries.getAs<DenseI64ArrayAttr>("strides");
  if (dims && strides && dims.size() == strides.size()) {
    record.dims.assign(dims.asArrayRef().begin(), dims.asArrayRef().end());
    record.strides.assign(strides.asArrayRef().begin(),
                          strides.asArrayRef().end());
  }
  if (auto scale = entries.getAs<FloatAttr>("scale"))
    record.scale = float(scale.getValueAsDouble());
  if (auto zeroPoint = entries.getAs<IntegerAttr>("zero_point"))
    record.zeroPoint = int32_t(zeroPoint.getInt());
  return record;
}

/// The array of a location's records, or null.
static ArrayAttr recordsOf(FusedLoc fused) {
  auto metadata = fused
                      ? dyn_cast_if_present<DictionaryAttr>(fused.getMetadata())
                      : nullptr;
  return metadata ? metadata.getAs<ArrayAttr>(kTensors) : nullptr;
}

Location bm1684x::withTensorRecords(Location location,
                                    ArrayRef<TensorRecord> records) {
  if (records.empty())
    return location;
  MLIRContext *context = location.getContext();
  SmallVector<Attribute> list;
  SmallVector<Location> parts = {location};
  auto fused = dyn_cast<FusedLoc>(location);
  if (ArrayAttr present = recordsOf(fused)) {
    list.append(present.begin(), present.end());
    parts.assign(fused.getLocations().begin(), fused.getLocations().end());
  }
  for (const TensorRecord &record : records)
    list.push_back(toAttribute(context, record));
  Builder builder(context);
  return FusedLoc::get(parts,
                       builder.getDictionaryAttr(builder.getNamedAttr(
                           kTensors, builder.getArrayAttr(list))),
                       context);
}

SmallVector<TensorRecord> bm1684x::getTensorRecords(Location location) {
  SmallVector<TensorRecord> records;
  if (ArrayAttr list = recordsOf(dyn_cast<FusedLoc>(location)))
    for (Attribute attribute : list)
      if (std::optional<TensorRecord> record = toRecord(attribute))
        records.push_back(std::move(*record));
  return records;
}
