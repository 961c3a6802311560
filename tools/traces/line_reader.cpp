#include "tools/traces/line_reader.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <stdexcept>

namespace stampede {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kFirstBuffer = 64u << 10, kLongestLine = 1u << 20;  // [B]

}  // namespace

LineReader::LineReader(std::string path)
    : path_(std::move(path)), bytes_(open_bytes(path_)), buffer_(kFirstBuffer) {}

void LineReader::rewind() {
  bytes_->rewind();
  begin_ = end_ = 0;
  at_end_ = false;
  number_ = 0;
  hash_ = Digest{};
}

// More text behind what is there; false when there is none.
bool LineReader::fill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    if (buffer_.size() >= kLongestLine)
      throw std::runtime_error(
          fmt::format("line {} is longer than {} bytes", number_ + 1, kLongestLine));
    buffer_.resize(buffer_.size() * 2);
  }
  const std::size_t got = bytes_->read(buffer_.data() + end_, buffer_.size() - end_);
  end_ += got;
  at_end_ = got == 0;
  return got > 0;
}

void LineReader::hash(std::string_view text) {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    u64 word = 0;
    std::memcpy(&word, text.data() + i, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    hash_.add(word);
  }
  u64 rest = text.size() - i + 1;  // the number of bytes left tells a line from a longer one
  for (; i < text.size(); ++i) rest = rest << 8 | static_cast<unsigned char>(text[i]);
  hash_.add(rest);
}

bool LineReader::next(std::string_view& line) {
  std::size_t searched = begin_;
  while (true) {
    const void* found = std::memchr(buffer_.data() + searched, '\n', end_ - searched);
    const std::size_t length =
        found ? static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data()) - begin_
              : end_ - begin_;
    if (found || (at_end_ && length > 0)) {
      line = {buffer_.data() + begin_, length};
      begin_ += length + (found ? 1 : 0);
      ++number_;
      hash(line);
      if (number_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(3);
      if (line.ends_with('\r')) line.remove_suffix(1);
      return true;
    }
    if (at_end_) return false;
    const std::size_t seen = end_ - begin_;
    fill();
    searched = begin_ + seen;
  }
}

}  // namespace stampede
