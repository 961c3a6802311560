#include "tools/calibration/gpu_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "tools/calibration/json_file.h"
#include "tools/language/diagnostics.h"

namespace stampede::calibration {
namespace {

// From a tenth of the least to ten times the most that a server's GPU has today.
struct SheetKey {
  const char *name, *unit, *example;
  double least, most;
  bool needed;
  double GpuSheet::*value;
};
constexpr SheetKey kKeys[] = {
    {"memory", "B", "84.9e9", 1e9, 1e13, false, &GpuSheet::memory},
    {"memory_bandwidth", "B/s", "3.35e12", 1e10, 1e14, true, &GpuSheet::bandwidth},
    {"link_bandwidth", "B/s", "450e9", 1e9, 1e14, false, &GpuSheet::link},
    {"bf16_flops", "1/s", "989e12", 1e12, 3e16, true, &GpuSheet::bf16},
    {"fp8_flops", "1/s", "1979e12", 1e12, 6e16, false, &GpuSheet::fp8},
    {"fp4_flops", "1/s", "9e15", 1e12, 2e17, false, &GpuSheet::fp4},
};

void refuse_unknown(const JsonFile& file) {
  std::vector<std::string> names;
  for (const SheetKey& key : kKeys) names.emplace_back(key.name);
  for (const auto& [name, value] : file.root().items())
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw std::runtime_error(fmt::format("{}: \"{}\": no such key{}", file.key_place("/" + name),
                                           name, suggestion(name, names)));
}

double read_key(const JsonFile& file, const SheetKey& key) {
  const std::string pointer = std::string("/") + key.name;
  const std::string name = fmt::format("\"{}\" [{}]", key.name, key.unit);
  if (!file.root().contains(key.name)) {
    if (key.needed) file.fault("", fmt::format("no {}, such as {}", name, key.example));
    return 0;
  }
  const nlohmann::json& value = file.root()[key.name];
  if (!value.is_number())
    file.fault(pointer, fmt::format("{}: a number is wanted, such as {}, not {}", name, key.example,
                                    shown(value)));
  const double number = value;
  if (number == 0 && !key.needed) return 0;
  if (!(number >= key.least && number <= key.most))
    file.fault(pointer, fmt::format("{} is {}: from {:g} to {:g} is wanted, such as {}", name,
                                    shown(value), key.least, key.most, key.example));
  return number;
}

}  // namespace

GpuSheet read_gpu_sheet(const std::string& path) {
  const JsonFile file(path);
  refuse_unknown(file);
  GpuSheet sheet;
  for (const SheetKey& key : kKeys) sheet.*key.value = read_key(file, key);
  return sheet;
}

}  // namespace stampede::calibration
