// The part of a ring file for what fits no slot: long texts and attributes. FORMAT.md, "String table".
#pragma once
#include <memory>
#include <string_view>

#include "ring_file.h"

namespace rankscope {

// What is kept is written once and never moved, and the same is kept once. Any thread may keep at any time: nobody takes
// a lock, waits or allocates. A record is whole before its place is given out, so whoever is killed in between leaves a
// gap that nothing points to.
class StringTable {
 public:
  StringTable(Word* table, uint32_t bytes);  // bytes 0: there is none, and nothing is kept

  // Where the record of these lies, in units of 8 bytes from the beginning of the table; 0 when there is no room for it.
  // A text of more than kMaxTextBytes is cut at a character and marked; attributes must not be longer than theirs.
  uint32_t keep(std::string_view text, std::string_view attrs) noexcept;
  void count_lost() noexcept;  // one entry more is not there as it was given

 private:
  struct Record;

  uint32_t write(const Record& record) noexcept;
  bool holds(uint32_t place, const Record& record) const noexcept;

  Word* table_;
  uint64_t bytes_;
  uint64_t mask_ = 0;
  std::unique_ptr<std::atomic<uint64_t>[]> index_;  // by hash: hash in the upper half, place in the lower; 0: free
};

}  // namespace rankscope
