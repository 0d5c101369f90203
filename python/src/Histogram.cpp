//===- Histogram.cpp - histograms of tensors for Python -------------------===//
//
// Counts elements in bins whose width is a power of two and doubles when the
// elements outgrow them. Which bins there are in the end depends only on the
// largest magnitude, so the same elements give the same histogram in any order
// and in any number of parts that are merged.
//
//===----------------------------------------------------------------------===//

#include "Bindings.h"
#include "Errors.h"
#include <cmath>
#include <limits>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

namespace py = pybind11;

namespace tpuc::python {

namespace {

class Histogram {
public:
  using Elements =
      py::array_t<float, py::array::c_style | py::array::forcecast>;
  using Counts =
      py::array_t<uint64_t, py::array::c_style | py::array::forcecast>;

  explicit Histogram(int64_t bins) : counts(checkBins(bins)) {}

  /// Counts an array's elements; those that are not finite apart.
  void add(const Elements &array) {
    const float *data = array.data();
    const size_t size = array.size();
    py::gil_scoped_release release;
    float low = std::numeric_limits<float>::infinity(), high = -low;
    // Zero unless an element is not finite.
    float poison = 0;
    for (size_t i = 0; i < size; ++i) {
      low = data[i] < low ? data[i] : low;
      high = data[i] > high ? data[i] : high;
      poison += data[i] * 0.0f;
    }
    if (poison == 0) {
      addFinite(data, size, low, high);
      return;
    }
    std::vector<float> finite;
    for (size_t i = 0; i < size; ++i) {
      if (std::isfinite(data[i]))
        finite.push_back(data[i]);
      nans += std::isnan(data[i]);
    }
    nonFinite += size - finite.size();
    low = std::numeric_limits<float>::infinity(), high = -low;
    for (float value : finite) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
    addFinite(finite.data(), finite.size(), low, high);
  }

  /// Adds what another histogram of as many bins counted.
  void merge(const Histogram &other) {
    if (other.counts.size() != counts.size())
      throw UserError("histograms of different numbers of bins do not merge");
    nonFinite += other.nonFinite;
    nans += other.nans;
    if (other.min > other.max)
      return;
    Histogram part = other;
    reach(part.min, part.max);
    part.reach(min, max);
    for (size_t i = 0; i < counts.size(); ++i)
      counts[i] += part.counts[i];
    min = std::min(min, part.min);
    max = std::max(max, part.max);
  }

  int64_t getBins() const { return counts.size(); }
  double getWidth() const { return std::ldexp(1.0, exponent); }
  py::object getMin() const {
    return empty() ? py::object(py::none()) : py::float_(min);
  }
  py::object getMax() const {
    return empty() ? py::object(py::none()) : py::float_(max);
  }
  uint64_t getNonFinite() const { return nonFinite; }
  uint64_t getNaNs() const { return nans; }
  py::array_t<uint64_t> getCounts() const {
    return py::array_t<uint64_t>(counts.size(), counts.data());
  }

  py::tuple getState() const {
    return py::make_tuple(getCounts(), exponent, min, max, nonFinite, nans);
  }
  static Histogram fromState(const py::tuple &state) {
    auto counts = state[0].cast<Counts>();
    Histogram histogram(counts.size());
    histogram.counts.assign(counts.data(), counts.data() + counts.size());
    histogram.exponent = state[1].cast<int>();
    histogram.min = state[2].cast<float>();
    histogram.max = state[3].cast<float>();
    histogram.nonFinite = state[4].cast<uint64_t>();
    histogram.nans = state[5].cast<uint64_t>();
    return histogram;
  }

private:
  /// Exponent of the narrowest bins: elements below are as good as zero.
  static constexpr int minExponent = -140;

  static size_t checkBins(int64_t bins) {
    if (bins < 2 || bins > (1 << 24) || bins % 2)
      throw UserError("a histogram has an even number of bins, at least 2");
    return bins;
  }

  bool empty() const { return min > max; }

  void addFinite(const float *data, size_t size, float low, float high) {
    if (!size)
      return;
    reach(low, high);
    min = std::min(min, low);
    max = std::max(max, high);
    // Two sets of counters: equal neighbours, as after a ReLU, do not wait for
    // each other's store.
    std::vector<uint32_t> odd(counts.size()), even(counts.size());
    const double scale = std::ldexp(1.0, -exponent);
    const int64_t half = counts.size() / 2;
    // Below 2^32 elements at a time, for the counters.
    constexpr size_t chunk = size_t(1) << 30;
    for (size_t begin = 0; begin < size; begin += chunk) {
      size_t end = std::min(size, begin + chunk), i = begin;
      auto bin = [&](float value) {
        // Rounds down; std::floor would be a call for each element.
        double scaled = double(value) * scale;
        int64_t whole = int64_t(scaled);
        return whole - (scaled < double(whole)) + half;
      };
      for (; i + 1 < end; i += 2) {
        ++even[bin(data[i])];
        ++odd[bin(data[i + 1])];
      }
      if (i < end)
        ++even[bin(data[i])];
      for (size_t k = 0; k < counts.size(); ++k)
        counts[k] += uint64_t(even[k]) + odd[k];
      std::fill(even.begin(), even.end(), 0);
      std::fill(odd.begin(), odd.end(), 0);
    }
  }

  /// Makes the bins as wide as elements from `low` to `high` need.
  void reach(float low, float high) {
    if (low > high)
      return;
    double magnitude =
        std::max(std::fabs(double(low)), std::fabs(double(high)));
    const size_t half = counts.size() / 2;
    int needed = minExponent;
    if (magnitude > 0) {
      // The least power of two with magnitude < half * 2^needed.
      needed = std::ilogb(magnitude) + 1 - std::ilogb(double(half));
      while (magnitude >= std::ldexp(double(half), needed))
        ++needed;
      while (magnitude < std::ldexp(double(half), needed - 1))
        --needed;
      needed = std::max(needed, minExponent);
    }
    if (empty()) {
      exponent = std::max(exponent, needed);
      return;
    }
    for (; exponent < needed; ++exponent)
      halve();
  }

  /// Joins pairs of bins. Bins are numbered from zero outwards, so that pairs
  /// never straddle zero.
  void halve() {
    const size_t half = counts.size() / 2;
    std::vector<uint64_t> joined(counts.size());
    for (size_t i = 0; i < counts.size(); ++i) {
      int64_t signedBin = int64_t(i) - int64_t(half);
      joined[(signedBin >> 1) + int64_t(half)] += counts[i];
    }
    counts = std::move(joined);
  }

  std::vector<uint64_t> counts;
  int exponent = minExponent;
  float min = std::numeric_limits<float>::infinity();
  float max = -std::numeric_limits<float>::infinity();
  uint64_t nonFinite = 0, nans = 0;
};

} // namespace

void bindHistogram(py::module_ &m) {
  py::class_<Histogram>(
      m, "Histogram",
      "Counts of elements in bins [k, k + 1) * width for k from -bins / 2 to "
      "bins / 2 - 1; the width is the least power of two that reaches the "
      "largest magnitude.")
      .def(py::init<int64_t>(), py::arg("bins"))
      .def("add", &Histogram::add, py::arg("array"), "Counts elements.")
      .def("merge", &Histogram::merge, py::arg("other"),
           "Adds another's counts; exact.")
      .def_property_readonly("bins", &Histogram::getBins)
      .def_property_readonly("width", &Histogram::getWidth)
      .def_property_readonly("min", &Histogram::getMin)
      .def_property_readonly("max", &Histogram::getMax)
      .def_property_readonly("non_finite", &Histogram::getNonFinite)
      .def_property_readonly("nans", &Histogram::getNaNs)
      .def_property_readonly("counts", &Histogram::getCounts)
      .def(py::pickle([](const Histogram &self) { return self.getState(); },
                      &Histogram::fromState));
}

} // namespace tpuc::python
