#include "string_table.h"

#include <array>
#include <bit>
#include <cstring>

#include "ring_layout.h"

namespace rankscope {
namespace {

using namespace ring;

// Bytes of table for one place in the index. Records are several times as long, so the index stays almost empty.
constexpr uint64_t kBytesPerPlace = 16;
// In an index this empty a text is found, or not there, after one or two; so many mean that it is full of small records.
constexpr uint64_t kMostProbes = 64;

constexpr std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB8'8320 : crc >> 1;
    table[byte] = crc;
  }
  return table;
}

// CRC-32 as zlib has it, because every language has that.
uint32_t crc32(const char* bytes, size_t length) {
  static constexpr auto table = crc_table();
  uint32_t crc = ~0u;
  for (size_t i = 0; i < length; ++i) crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(bytes[i])) & 0xFF];
  return ~crc;
}

}  // namespace

// A record as it will stand in the table, its bytes padded to whole words.
struct StringTable::Record {
  Record(std::string_view text, std::string_view attrs) noexcept {
    size_t length = 0;
    const auto put = [&](std::string_view piece) {
      if (!piece.empty()) std::memcpy(bytes + length, piece.data(), piece.size());
      length += piece.size();
    };
    if (!attrs.empty()) {
      put(attrs);
      put(std::string_view("\0", 1));
    }
    const size_t kept = cut_length(text.data(), text.size(), strings::kMaxTextBytes);
    put(text.substr(0, kept));
    hash = crc32(bytes, length);
    head = uint64_t{hash} << 32 | length | (kept < text.size() ? strings::kCutLength : 0);
    count = (length + 7) / 8;
    std::memset(bytes + length, 0, count * 8 - length);
  }

  uint64_t word(uint64_t i) const noexcept {
    uint64_t value;
    std::memcpy(&value, bytes + 8 * i, sizeof value);
    return value;
  }

  uint64_t head, count;
  uint32_t hash;
  char bytes[(strings::kMaxRecordBytes + 7) / 8 * 8];
};

StringTable::StringTable(Word* table, uint32_t bytes) : table_(table), bytes_(bytes) {
  if (bytes == 0) return;
  const uint64_t places = std::bit_ceil(bytes / kBytesPerPlace);
  mask_ = places - 1;
  index_ = std::make_unique<std::atomic<uint64_t>[]>(places);
  table_[strings::kUsedAt / 8].store(strings::kHeadBytes, std::memory_order_release);
}

uint32_t StringTable::keep(std::string_view text, std::string_view attrs) noexcept {
  if (bytes_ == 0) return 0;
  const Record record(text, attrs);
  uint32_t place = 0;
  for (uint64_t probe = 0; probe < kMostProbes; ++probe) {
    auto& entry = index_[(record.hash + probe) & mask_];
    uint64_t seen = entry.load(std::memory_order_acquire);
    if (seen == 0) {
      if (place == 0) place = write(record);
      if (place == 0) return 0;
      const uint64_t own = uint64_t{record.hash} << 32 | place;
      if (entry.compare_exchange_strong(seen, own, std::memory_order_release, std::memory_order_acquire)) return place;
      // Another thread was faster, perhaps with the same text; then ours is a gap.
    }
    if (seen >> 32 == record.hash && holds(static_cast<uint32_t>(seen), record)) return static_cast<uint32_t>(seen);
  }
  return place;
}

void StringTable::count_lost() noexcept {
  if (bytes_ != 0) table_[strings::kLostAt / 8].fetch_add(1, std::memory_order_relaxed);
}

// 0 when the table is full.
uint32_t StringTable::write(const Record& record) noexcept {
  const uint64_t needed = strings::kRecordHeadBytes + record.count * 8;
  auto& used = table_[strings::kUsedAt / 8];
  uint64_t at = used.load(std::memory_order_relaxed);
  do {
    if (at + needed > bytes_) return 0;
  } while (!used.compare_exchange_weak(at, at + needed, std::memory_order_relaxed));
  Word* to = table_ + at / 8;
  for (uint64_t i = 0; i < record.count; ++i) to[1 + i].store(record.word(i), std::memory_order_relaxed);
  to->store(record.head, std::memory_order_release);
  return static_cast<uint32_t>(at / strings::kUnit);
}

bool StringTable::holds(uint32_t place, const Record& record) const noexcept {
  const Word* at = table_ + uint64_t{place} * strings::kUnit / 8;
  if (at->load(std::memory_order_acquire) != record.head) return false;
  for (uint64_t i = 0; i < record.count; ++i) {
    if (at[1 + i].load(std::memory_order_relaxed) != record.word(i)) return false;
  }
  return true;
}

}  // namespace rankscope
