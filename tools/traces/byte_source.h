// The bytes of a file as they are, or unpacked while they are read: gzip, bzip2, xz.
// Source: zlib, libbz2, liblzma. Limits: other packings are refused with what to do.
#pragma once
#include <memory>
#include <string>

#include "sim/units.h"

namespace stampede {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // At most `room` bytes, fewer only at the end; 0 there. Throws std::runtime_error for what is
  // damaged or cut short.
  virtual std::size_t read(char* to, std::size_t room) = 0;
  // To the beginning again.
  virtual void rewind() = 0;
};

// Throws std::runtime_error that says why the file cannot be read.
std::unique_ptr<ByteSource> open_bytes(const std::string& path);

}  // namespace stampede
