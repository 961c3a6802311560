// The database file of etcd: revisions pile up until compaction, freed pages are reused before the
// file grows, only defragmentation shrinks it.
// State: file = live + superseded (before the mark | after it) + free pages.
// Source: bbolt (copy-on-write pages, two keys a node at least, nodes filled to 90 %); etcd mvcc
// (compaction drops revisions superseded before the compacted one); sizes measured at the quota.
// Limits: no fragmentation within pages, no space for freed pages still read by a transaction.
#pragma once
#include <algorithm>
#include <deque>
#include <unordered_map>
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

class DatabaseFile {
 public:
  // `file` bytes, of which `free_share` are free pages; the rest is live data. Every one of
  // `members` has the same data and free pages of its own.
  DatabaseFile(Bytes file, Share free_share, u32 members = 1);

  // Bytes of file that one revision of an object of `bytes` takes [B].
  static i64 stored_bytes(i64 bytes);

  // Adds a revision of `key`; `bytes` > 0. An object that was there from the start may be replaced
  // without having been put (`existed`). With `expires` != kNever the object dies then.
  void put(u64 key, i64 bytes, bool existed, Instant expires);
  void remove(u64 key);
  void expire(Instant now);
  i64 live_bytes(u64 key) const;  // stored size of the live revision, 0 if there is none

  // Compaction as the API server does it: drops what was superseded before the mark of the last
  // call, then moves the mark.
  void compact_to_mark();
  // Compaction to the newest revision: drops everything superseded.
  void compact();
  void defragment(u32 member) { free_[member] = 0; }  // its file shrinks to what is in use

  i64 file_bytes() const { return in_use_bytes() + free_bytes(); }  // of the largest
  i64 in_use_bytes() const { return live_ + old_garbage_ + new_garbage_; }
  i64 free_bytes() const { return *std::max_element(free_.begin(), free_.end()); }
  i64 free_bytes(u32 member) const { return free_[member]; }

 private:
  void allocate(i64 bytes);
  void release(i64 bytes);
  struct Expiry {
    Instant at;
    i64 bytes;
  };

  i64 live_ = 0, old_garbage_ = 0, new_garbage_ = 0;
  std::vector<i64> free_;                 // [member]
  i64 unnamed_ = 0;                       // live bytes of the start whose keys were never seen
  std::unordered_map<u64, i32> objects_;  // looked up only, never iterated
  std::deque<Expiry> expiries_;
};

}  // namespace stampede
