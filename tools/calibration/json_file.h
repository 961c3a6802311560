// A JSON file whose faults have their line and column.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace stampede::calibration {

class JsonFile {
 public:
  // Throws std::runtime_error if it cannot be opened or is no JSON object.
  explicit JsonFile(std::string path);

  const nlohmann::json& root() const { return root_; }
  const std::string& path() const { return path_; }
  // FILE:LINE:COLUMN of the value at a JSON pointer such as /text_config/hidden_size, or of its
  // key; of what holds it if there is none. Lines and columns from 1.
  std::string place(const std::string& pointer) const;
  std::string key_place(const std::string& pointer) const;
  // Throws std::runtime_error with the value's place.
  [[noreturn]] void fault(const std::string& pointer, const std::string& message) const;

 private:
  std::string at(std::size_t offset) const;

  std::string path_, text_;
  nlohmann::json root_;
};

// As it stands in the file, short enough for a message.
std::string shown(const nlohmann::json& value);

}  // namespace stampede::calibration
