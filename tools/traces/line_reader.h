// Lines of a text file, plain or packed, one at a time: memory stays that of the buffers however
// long the file is. Limits: a line of more than a mebibyte is an error.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/digest.h"
#include "tools/traces/byte_source.h"

namespace stampede {

class LineReader {
 public:
  // Throws std::runtime_error that says why the file cannot be read.
  explicit LineReader(std::string path);

  // The next line without its end (LF or CRLF), the first without a byte order mark; it lives until
  // the next call. False at the end. Throws std::runtime_error: damaged or truncated gzip, a line
  // too long.
  bool next(std::string_view& line);
  void rewind();

  u32 line_number() const { return number_; }  // of the last line given, from 1
  const std::string& path() const { return path_; }
  std::size_t buffer_bytes() const { return buffer_.capacity(); }
  // Hash of the unpacked text up to the end of the last line given.
  std::string content() const { return hash_.hex(); }

 private:
  bool fill();
  void hash(std::string_view text);

  std::string path_;
  std::unique_ptr<ByteSource> bytes_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  bool at_end_ = false;
  u32 number_ = 0;
  Digest hash_;
};

}  // namespace stampede
