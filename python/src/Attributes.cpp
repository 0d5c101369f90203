//===- Attributes.cpp - attributes and Python objects ---------------------===//

#include "Attributes.h"
#include "Errors.h"
#include "mlir/IR/BuiltinAttributes.h"
#include <pybind11/stl.h>

using namespace mlir;
namespace py = pybind11;

namespace tpuc::python {

Attribute toAttribute(Builder &builder, const std::string &name,
                      py::handle value) {
  if (py::isinstance<py::bool_>(value))
    return builder.getBoolAttr(value.cast<bool>());
  // Enumerations are IntEnum in Python and i32 in ODS.
  static py::handle intEnum =
      py::object(py::module_::import("enum").attr("IntEnum")).release();
  if (py::isinstance(value, intEnum))
    return builder.getI32IntegerAttr(value.cast<int32_t>());
  if (py::isinstance<py::int_>(value))
    return builder.getI64IntegerAttr(value.cast<int64_t>());
  if (py::isinstance<py::float_>(value))
    return builder.getF64FloatAttr(value.cast<double>());
  if (py::isinstance<py::str>(value))
    return builder.getStringAttr(value.cast<std::string>());
  if (py::isinstance<py::dict>(value)) {
    SmallVector<NamedAttribute> entries;
    for (auto [key, entry] : value.cast<py::dict>()) {
      auto text = key.cast<std::string>();
      entries.emplace_back(builder.getStringAttr(text),
                           toAttribute(builder, name + "." + text, entry));
    }
    return builder.getDictionaryAttr(entries);
  }
  if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    auto list = py::reinterpret_borrow<py::sequence>(value);
    bool real = py::len(list) > 0 && py::isinstance<py::float_>(list[0]);
    if (real)
      return builder.getDenseF64ArrayAttr(value.cast<std::vector<double>>());
    return builder.getDenseI64ArrayAttr(value.cast<std::vector<int64_t>>());
  }
  throw UserError("attribute '" + name + "' has no counterpart in the module");
}

py::object toPython(Attribute attribute) {
  if (auto flag = dyn_cast<BoolAttr>(attribute))
    return py::bool_(flag.getValue());
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return py::int_(number.getValue().getSExtValue());
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return py::float_(number.getValueAsDouble());
  if (auto text = dyn_cast<StringAttr>(attribute))
    return py::str(text.str());
  if (auto list = dyn_cast<DenseI64ArrayAttr>(attribute))
    return py::cast(std::vector<int64_t>(list.asArrayRef()));
  if (auto list = dyn_cast<DenseF64ArrayAttr>(attribute))
    return py::cast(std::vector<double>(list.asArrayRef()));
  if (auto entries = dyn_cast<DictionaryAttr>(attribute)) {
    py::dict dictionary;
    for (NamedAttribute entry : entries)
      dictionary[py::str(entry.getName().str())] = toPython(entry.getValue());
    return dictionary;
  }
  return py::none();
}

} // namespace tpuc::python
