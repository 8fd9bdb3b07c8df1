// Makes a ring file and maps it; the mapping and the file descriptor end with the object.
#pragma once
#include <atomic>

#include "recorder.h"

namespace rankscope {

// A word of the mapping. Plain loads and stores would race with the readers and the other threads.
using Word = std::atomic<uint64_t>;
static_assert(sizeof(Word) == sizeof(uint64_t) && Word::is_always_lock_free);

class RingFile {
 public:
  // Throws std::runtime_error that names the path and what to do.
  explicit RingFile(const RecorderOptions& options);
  ~RingFile();
  RingFile(const RingFile&) = delete;
  RingFile& operator=(const RingFile&) = delete;

  Word* words(uint64_t offset) const noexcept { return reinterpret_cast<Word*>(base_ + offset); }
  uint64_t rare_offset() const noexcept { return rare_offset_; }
  uint64_t memory_offset() const noexcept { return memory_offset_; }
  uint64_t main_offset() const noexcept { return main_offset_; }
  uint64_t strings_offset() const noexcept { return strings_offset_; }  // 0: there is no string table

 private:
  void write_header(const RecorderOptions& options) noexcept;

  uint64_t rare_offset_, memory_offset_, main_offset_, strings_offset_, bytes_;
  unsigned char* base_ = nullptr;
};

}  // namespace rankscope
