#include "models/control_plane/database_file.h"

#include <algorithm>

namespace stampede {
namespace {
constexpr i64 kPage = 4096;
constexpr i64 kItemOverhead = 90;        // key, revision, lease, leaf element [B]
constexpr Duration kExpiryGrain = 10_s;  // objects that expire are counted in such steps
}  // namespace

DatabaseFile::DatabaseFile(Bytes file, Share free_share, u32 members)
    : free_(members, static_cast<i64>(static_cast<double>(file.value) * free_share.value)) {
  live_ = unnamed_ = file.value - free_.front();
}

i64 DatabaseFile::stored_bytes(i64 bytes) {
  const i64 item = bytes + kItemOverhead;
  // A node holds at least two keys, in whole pages; small items fill a node to 90 %.
  if (item * 2 > kPage * 9 / 10) return (2 * item + kPage - 1) / kPage * kPage / 2;
  return item * 10 / 9;
}

void DatabaseFile::allocate(i64 bytes) {
  live_ += bytes;
  for (i64& free : free_) free = std::max<i64>(0, free - bytes);
}

void DatabaseFile::release(i64 bytes) {
  for (i64& free : free_) free += bytes;
}

void DatabaseFile::put(u64 key, i64 bytes, bool existed, Instant expires) {
  const i64 stored = stored_bytes(bytes);
  allocate(stored);
  if (expires != kNever) {
    if (expiries_.empty() || expires - expiries_.back().at > kExpiryGrain)
      expiries_.push_back({expires, 0});
    expiries_.back().bytes += stored;
    return;
  }
  i32& slot = objects_[key];
  i64 superseded = slot;
  if (superseded == 0 && existed) {
    superseded = std::min(stored, unnamed_);
    unnamed_ -= superseded;
  }
  live_ -= superseded;
  new_garbage_ += superseded;
  slot = static_cast<i32>(stored);
}

void DatabaseFile::remove(u64 key) {
  const auto it = objects_.find(key);
  if (it == objects_.end()) return;
  live_ -= it->second;
  new_garbage_ += it->second;
  objects_.erase(it);
}

void DatabaseFile::expire(Instant now) {
  while (!expiries_.empty() && expiries_.front().at <= now) {
    live_ -= expiries_.front().bytes;
    new_garbage_ += expiries_.front().bytes;
    expiries_.pop_front();
  }
}

i64 DatabaseFile::live_bytes(u64 key) const {
  const auto it = objects_.find(key);
  return it == objects_.end() ? 0 : it->second;
}

void DatabaseFile::compact_to_mark() {
  release(old_garbage_);
  old_garbage_ = new_garbage_;
  new_garbage_ = 0;
}

void DatabaseFile::compact() {
  release(old_garbage_ + new_garbage_);
  old_garbage_ = new_garbage_ = 0;
}

}  // namespace stampede
