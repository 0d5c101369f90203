//===- ProbeFile.cpp - Recorded probes of single commands -----------------===//

#include "ProbeFile.h"

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <numeric>
#include <sstream>

using namespace tpuc;
using namespace tpuc::sim;
using namespace tpuc::sim::test;

namespace {

constexpr uint64_t kGlobalBytes = 4 << 20;
constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;

/// The finaliser of splitmix64.
uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

struct Type {
  const char *name;
  unsigned bytes, exponentBits, mantissaBits, cube;
};
constexpr Type kTypes[] = {{"i8", 1, 0, 0, 64},  {"f16", 2, 5, 10, 32},
                           {"f32", 4, 8, 23, 1}, {"i16", 2, 0, 0, 0},
                           {"i32", 4, 0, 0, 0},  {"bf16", 2, 8, 7, 32}};

const Type &typeOf(const std::string &name) {
  for (const Type &type : kTypes)
    if (name == type.name)
      return type;
  ADD_FAILURE() << "no type is named " << name;
  return kTypes[0];
}

std::vector<std::string> split(const std::string &text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);)
    parts.push_back(part);
  return parts;
}

std::vector<uint8_t> fromHex(const std::string &text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(uint8_t(std::stoul(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

/// The values of a tensor by its rule, as bits.
std::vector<uint32_t> draw(const ProbeInput &input) {
  const Type &type = typeOf(input.type);
  uint64_t count = std::accumulate(input.shape.begin(), input.shape.end(),
                                   uint64_t(1), std::multiplies<>());
  std::vector<std::string> rule = split(input.values, ':');
  const std::string &kind = rule.front();
  auto argument = [&](unsigned i) { return std::stoll(rule.at(i)); };
  std::vector<uint8_t> repeated;
  if (kind == "hex")
    repeated = fromHex(rule.at(1));
  uint64_t width = input.shape.back(), step = 7;
  if (kind == "row")
    while (std::gcd(step, uint64_t(argument(1))) != 1)
      ++step;
  std::vector<uint32_t> bits(count);
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t random = mix(i + (input.seed << 32) + kGolden);
    uint64_t value = random;
    if (kind == "float" || kind == "positive") {
      int64_t low = argument(1), high = argument(2);
      uint64_t exponent = (random >> 32) % uint64_t(high - low) +
                          (uint64_t(1) << (type.exponentBits - 1)) - 1 +
                          uint64_t(low);
      value = (random & ((uint64_t(1) << type.mantissaBits) - 1)) |
              exponent << type.mantissaBits;
      if (kind == "float")
        value |= (random >> 63) << (8 * type.bytes - 1);
    } else if (kind == "int") {
      value =
          random % uint64_t(argument(2) - argument(1)) + uint64_t(argument(1));
    } else if (kind == "ramp") {
      value = i + uint64_t(argument(1));
    } else if (kind == "row") {
      uint64_t limit = uint64_t(argument(1));
      uint64_t first = mix(i / width + (input.seed << 32)) % limit;
      value = (first + i % width * step) % limit;
    } else if (kind == "hex") {
      value = 0;
      std::memcpy(&value, repeated.data() + i * type.bytes % repeated.size(),
                  type.bytes);
    } else if (kind != "bits") {
      ADD_FAILURE() << "no values are named " << kind;
    }
    bits[i] = uint32_t(value);
  }
  return bits;
}

uint64_t alignUp(uint64_t value, uint64_t to) {
  return (value + to - 1) / to * to;
}

/// Puts the input channels of convolution weights into groups, each with its
/// taps; missing channels become zeros.
void groupWeights(std::vector<uint32_t> &bits, std::vector<uint64_t> &shape,
                  unsigned cube) {
  uint64_t outputs = shape[0], channels = shape[1], taps = shape[2] * shape[3];
  uint64_t row = alignUp(channels, cube) * taps;
  std::vector<uint32_t> grouped(outputs * row);
  for (uint64_t o = 0; o < outputs; ++o)
    for (uint64_t c = 0; c < channels; ++c)
      for (uint64_t t = 0; t < taps; ++t)
        grouped[o * row + (c / cube * taps + t) * cube + c % cube] =
            bits[(o * channels + c) * taps + t];
  bits = std::move(grouped);
  shape = {1, outputs, 1, row};
}

} // namespace

ProbeMachine::ProbeMachine() {
  global = simulator.allocateGlobal(kGlobalBase, kGlobalBytes);
}

void ProbeMachine::place(const ProbeInput &input) {
  const Type &type = typeOf(input.type);
  std::vector<uint32_t> bits = draw(input);
  uint64_t size = type.bytes;
  if (input.memory != 'l') {
    std::span<uint8_t> memory =
        input.memory == 'g' ? global : simulator.staticMemory();
    for (size_t i = 0; i < bits.size(); ++i)
      std::memcpy(&memory[input.address + i * size], &bits[i], size);
    return;
  }
  std::vector<uint64_t> shape = input.shape;
  if (input.layout == "weights")
    groupWeights(bits, shape, type.cube);
  uint64_t n = shape[0], c = shape[1], h = shape[2], w = shape[3];
  uint64_t line = 64 / size, rowStep = w, plane = h * w;
  if (input.layout == "line") {
    rowStep = alignUp(w, line);
    plane = h * rowStep;
  } else if (input.layout == "eu") {
    plane = alignUp(plane, line);
  }
  uint64_t lane = input.address / kLaneBytes,
           offset = input.address % kLaneBytes;
  uint64_t rows = (lane + c + kLanes - 1) / kLanes;
  std::span<uint8_t> local = simulator.localMemory();
  const uint32_t *next = bits.data();
  for (uint64_t i = 0; i < n; ++i)
    for (uint64_t j = 0; j < c; ++j)
      for (uint64_t y = 0; y < h; ++y)
        for (uint64_t x = 0; x < w; ++x) {
          uint64_t element =
              (i * rows + (lane + j) / kLanes) * plane + y * rowStep + x;
          uint64_t at =
              (lane + j) % kLanes * kLaneBytes + offset + element * size;
          std::memcpy(&local[at], next++, size);
        }
}

std::string ProbeMachine::run(const Probe &probe, bool reference) {
  for (std::span<uint8_t> memory :
       {simulator.localMemory(), simulator.staticMemory(), global})
    std::memset(memory.data(), 0, memory.size());
  for (const ProbeInput &input : probe.inputs)
    place(input);
  simulator.useReferenceCode(reference);
  for (const ProbeCommand &command : probe.commands) {
    auto layout = codec::peekLayout(command.engine, command.bytes);
    if (!layout)
      return "the bytes are not a command";
    codec::Registers registers;
    std::string error;
    if (!codec::decode(*layout, command.bytes, registers, error))
      return error;
    if (auto failure = simulator.execute(*layout, registers))
      return failure->str();
  }
  return "";
}

uint64_t ProbeMachine::digest() {
  uint64_t total = 0, number = 0;
  for (std::span<uint8_t> memory :
       {simulator.localMemory(), simulator.staticMemory(), global}) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < memory.size() / 8; ++i) {
      uint64_t word;
      std::memcpy(&word, &memory[i * 8], 8);
      if (word)
        sum += mix(word ^ mix((i + (number << 40)) * kGolden));
    }
    total ^= sum;
    ++number;
  }
  return total;
}

std::vector<Probe> tpuc::sim::test::readProbes(const std::string &path) {
  std::vector<Probe> probes;
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << "cannot read " << path;
  for (std::string line; std::getline(file, line);) {
    std::istringstream stream(line);
    std::string keyword;
    stream >> keyword;
    if (keyword == "probe") {
      probes.emplace_back().name = line.substr(keyword.size() + 1);
    } else if (probes.empty()) {
      ADD_FAILURE() << path << ": expected a probe, found " << line;
      return probes;
    } else if (keyword == "in") {
      ProbeInput input;
      std::string shape;
      stream >> input.memory >> std::hex >> input.address >> std::dec >>
          input.type >> shape >> input.layout >> input.values >> input.seed;
      for (const std::string &size : split(shape, ','))
        input.shape.push_back(std::stoull(size));
      probes.back().inputs.push_back(std::move(input));
    } else if (keyword == "out") {
      stream >> std::hex >> probes.back().result;
    } else {
      std::string bytes;
      stream >> bytes;
      auto engine =
          keyword == "gdma" ? codec::Engine::Gdma : codec::Engine::Tiu;
      probes.back().commands.push_back({engine, fromHex(bytes)});
    }
    EXPECT_FALSE(stream.fail()) << path << ": damaged line " << line;
  }
  return probes;
}
