#include "tools/traces/byte_source.h"

#include <bzlib.h>
#include <lzma.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "tools/files/regular_file.h"

namespace stampede {
namespace {

constexpr std::size_t kChunk = 128u << 10;  // [B]

[[noreturn]] void damaged(const char* kind) {
  throw std::runtime_error(std::string("the ") + kind + " file is damaged");
}
[[noreturn]] void cut_short(const char* kind) {
  throw std::runtime_error(std::string("the ") + kind + " file ends before its content does");
}

// A descriptor that closes itself.
class RawFile {
 public:
  explicit RawFile(int file) : file_(file) {}
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;
  ~RawFile() { ::close(file_); }
  std::size_t read(char* to, std::size_t room) const {
    std::size_t got = 0;
    while (got < room) {
      const ssize_t n = ::read(file_, to + got, room - got);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw std::runtime_error(std::strerror(errno));
      if (n == 0) break;
      got += static_cast<std::size_t>(n);
    }
    return got;
  }
  void rewind() const { ::lseek(file_, 0, SEEK_SET); }

 private:
  int file_;
};

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(int file) : file_(file) {}
  std::size_t read(char* to, std::size_t room) override { return file_.read(to, room); }
  void rewind() override { file_.rewind(); }

 private:
  RawFile file_;
};

// Unpacks with a decoder that takes a chunk of input at a time; several packed streams may follow
// each other, as parallel packers write them.
template <class Decoder>
class PackedSource final : public ByteSource {
 public:
  explicit PackedSource(int file) : file_(file), packed_(kChunk) { decoder_.begin(); }
  ~PackedSource() override { decoder_.end(); }
  PackedSource(const PackedSource&) = delete;
  PackedSource& operator=(const PackedSource&) = delete;

  std::size_t read(char* to, std::size_t room) override {
    std::size_t made = 0;
    while (made < room && !over_) {
      if (begin_ == end_) {
        begin_ = 0;
        end_ = file_.read(packed_.data(), packed_.size());
      }
      if (ended_) {
        if (begin_ == end_) {
          over_ = true;
          break;
        }
        decoder_.end();
        decoder_.begin();
        ended_ = false;
      }
      const bool last = begin_ == end_;
      std::size_t in = end_ - begin_, out = room - made;
      ended_ = decoder_.step(packed_.data() + begin_, in, to + made, out);
      if (last && !ended_ && out == 0) cut_short(Decoder::kName);
      begin_ += in;
      made += out;
    }
    return made;
  }
  void rewind() override {
    file_.rewind();
    decoder_.end();
    decoder_.begin();
    begin_ = end_ = 0;
    ended_ = over_ = false;
  }

 private:
  RawFile file_;
  Decoder decoder_;
  std::vector<char> packed_;
  std::size_t begin_ = 0, end_ = 0;
  bool ended_ = false;  // a packed stream
  bool over_ = false;
};

// Each decoder's step() takes `in` bytes and makes `out`, both set to what was used; true at the
// end of a stream.
struct Gzip {
  static constexpr const char* kName = "gzip";
  void begin() {
    stream = {};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) throw std::bad_alloc();
  }
  void end() { inflateEnd(&stream); }
  bool step(char* from, std::size_t& in, char* to, std::size_t& out) {
    stream.next_in = reinterpret_cast<Bytef*>(from);
    stream.avail_in = static_cast<uInt>(in);
    stream.next_out = reinterpret_cast<Bytef*>(to);
    stream.avail_out = static_cast<uInt>(out);
    const int code = inflate(&stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) damaged(kName);
    in -= stream.avail_in;
    out -= stream.avail_out;
    return code == Z_STREAM_END;
  }
  z_stream stream{};
};

struct Bzip2 {
  static constexpr const char* kName = "bzip2";
  void begin() {
    stream = {};
    if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) throw std::bad_alloc();
  }
  void end() { BZ2_bzDecompressEnd(&stream); }
  bool step(char* from, std::size_t& in, char* to, std::size_t& out) {
    stream.next_in = from;
    stream.avail_in = static_cast<unsigned>(in);
    stream.next_out = to;
    stream.avail_out = static_cast<unsigned>(out);
    const int code = BZ2_bzDecompress(&stream);
    if (code != BZ_OK && code != BZ_STREAM_END) damaged(kName);
    in -= stream.avail_in;
    out -= stream.avail_out;
    return code == BZ_STREAM_END;
  }
  bz_stream stream{};
};

struct Xz {
  static constexpr const char* kName = "xz";
  static constexpr u64 kMostMemory = u64{1} << 30;  // [B] of its dictionary
  void begin() {
    stream = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&stream, kMostMemory, 0) != LZMA_OK) throw std::bad_alloc();
  }
  void end() { lzma_end(&stream); }
  bool step(char* from, std::size_t& in, char* to, std::size_t& out) {
    stream.next_in = reinterpret_cast<const uint8_t*>(from);
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<uint8_t*>(to);
    stream.avail_out = out;
    const lzma_ret code = lzma_code(&stream, in == 0 ? LZMA_FINISH : LZMA_RUN);
    if (code != LZMA_OK && code != LZMA_STREAM_END && code != LZMA_BUF_ERROR) damaged(kName);
    in -= stream.avail_in;
    out -= stream.avail_out;
    return code == LZMA_STREAM_END;
  }
  lzma_stream stream = LZMA_STREAM_INIT;
};

// Files that are no text and are not unpacked here, by how they begin.
void refuse_others(std::string_view start) {
  const auto begins = [&](std::string_view magic) { return start.starts_with(magic); };
  if (begins("\x28\xb5\x2f\xfd"))
    throw std::runtime_error("packed with zstd, which is not unpacked here; run `zstd -d` first");
  if (begins("PK\x03\x04"))
    throw std::runtime_error("a zip archive; unpack it and name the file inside");
  if (begins("PAR1"))
    throw std::runtime_error(
        "a parquet file; write it as CSV first, such as `pandas.read_parquet(FILE).to_csv(...)`");
  if (begins("ARROW1") || begins("\x89HDF") || begins("SQLite format 3"))
    throw std::runtime_error("a binary table; write it as CSV or JSON lines first");
  if (begins("7z\xbc\xaf\x27\x1c"))
    throw std::runtime_error("a 7z archive; unpack it and name the file inside");
  if (begins("\x04\x22\x4d\x18"))
    throw std::runtime_error("packed with lz4, which is not unpacked here; run `lz4 -d` first");
  if (begins("\xff\xfe") || begins("\xfe\xff"))
    throw std::runtime_error(
        "UTF-16 text; write it as UTF-8 first, such as `iconv -f UTF-16 -t UTF-8 FILE`");
  if (start.size() > 262 && start.substr(257, 5) == "ustar")
    throw std::runtime_error("a tar archive; unpack it and name the file inside");
}

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::string& path) {
  const std::string start = read_start(path, 512);
  const std::string_view text = start;
  refuse_others(text);
  const int file = open_regular(path);
  if (text.starts_with("\x1f\x8b")) return std::make_unique<PackedSource<Gzip>>(file);
  if (text.starts_with("BZh")) return std::make_unique<PackedSource<Bzip2>>(file);
  if (text.starts_with(std::string_view("\xfd"
                                        "7zXZ\0",
                                        6)))
    return std::make_unique<PackedSource<Xz>>(file);
  return std::make_unique<PlainSource>(file);
}

}  // namespace stampede
