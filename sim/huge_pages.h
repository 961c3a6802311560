// Memory of the large tables on huge pages: their rows are met in no order, and with pages of 4 KiB
// nearly every one of them costs an address translation besides its cache line.
// Limits: only where the system has them on request (Linux); elsewhere memory as usual. Contents
// and results are the same either way.
#pragma once
#include <cstddef>
#include <new>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace stampede {

// Allocator for std::vector. What is smaller than a huge page comes from the heap as usual.
template <class T>
struct HugePages {
  using value_type = T;
  HugePages() = default;
  template <class U>
  HugePages(const HugePages<U>&) {}  // implicit, as containers convert allocators

  T* allocate(std::size_t n) {
    const std::size_t bytes = n * sizeof(T);
    void* const memory = ::operator new(bytes, alignment(bytes));
#ifdef MADV_HUGEPAGE
    if (bytes >= kHugePage) madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: may be refused
#endif
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t n) { ::operator delete(memory, alignment(n * sizeof(T))); }
  bool operator==(const HugePages&) const { return true; }

 private:
  static constexpr std::size_t kHugePage = std::size_t{1} << 21;
  static std::align_val_t alignment(std::size_t bytes) {
    return std::align_val_t{bytes >= kHugePage ? kHugePage : alignof(T)};
  }
};

template <class T>
using LargeVector = std::vector<T, HugePages<T>>;

}  // namespace stampede
