// Where everything lies in a ring file. packages/flight-recorder/FORMAT.md explains it, ring-layout.ts says the same.
//
// All of it is 64-bit words: every store into the mapped file is one aligned atomic word, so a reader in another process
// sees old words or new ones and never half of one, and ThreadSanitizer agrees with the C++ memory model about it.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

namespace rankscope::ring {

static_assert(std::endian::native == std::endian::little, "a ring file is little-endian");

inline constexpr char kMagic[9] = "RANKRING";
inline constexpr uint32_t kVersion = 1;
inline constexpr uint32_t kByteOrderMark = 0x01020304;
inline constexpr uint32_t kHeaderBytes = 4096;
inline constexpr uint32_t kSlotBytes = 128;
inline constexpr uint32_t kMaxCount = 1u << 24;  // 2 GiB of slots; more is a mistake

struct Span {
  uint32_t offset, bytes;
};

namespace header {
inline constexpr uint32_t kMagicAt = 0, kVersionAt = 8, kByteOrderAt = 12, kHeaderBytesAt = 16, kSlotBytesAt = 20;
inline constexpr uint32_t kRareCountAt = 24, kMainCountAt = 28, kMemoryCountAt = 32;
inline constexpr uint32_t kRareOffsetAt = 40, kMemoryOffsetAt = 48, kMainOffsetAt = 56;
inline constexpr uint32_t kStringsOffsetAt = 64, kStringsBytesAt = 72, kFileBytesAt = 80;
inline constexpr uint32_t kPidAt = 88, kAttemptAt = 92, kRankAt = 96, kWorldSizeAt = 100;
inline constexpr uint32_t kAnchorMonoAt = 104, kAnchorWallAt = 112;
inline constexpr Span kBootId{128, 16}, kRunnerId{160, 96}, kNodeId{256, 96}, kInstanceId{352, 96}, kModelId{448, 128};
inline constexpr uint32_t kMainHeadAt = 576, kRareHeadAt = 640, kMemoryHeadAt = 704;  // one cache line each
inline constexpr uint32_t kHeartbeatAt = 768, kLoopAt = 776, kExitAt = 784;           // exitCode i32, exitFlags u32
inline constexpr uint32_t kGaugesAt = 832, kGaugesBytes = 128;
inline constexpr uint32_t kCellsAt = 1024, kCellBytes = 128;
inline constexpr uint32_t kClosedByOwner = 1;
}  // namespace header

// Words of a slot. The packed ones list their bytes from the lowest.
namespace slot {
inline constexpr int kSeq = 0, kTime = 1, kBarrierSeq = 2, kA = 3, kB = 4, kCommand = 5, kTask = 7;
inline constexpr int kCodes = 9;    // phase, kind, op, flags, event u16, group u16
inline constexpr int kPlace = 10;   // layer i16, cell u8, dtype u8, peer i32
inline constexpr int kText = 11, kSeq2 = 15, kWords = 16;
inline constexpr int kPeak = 5, kWiredLimit = 6;  // of a memory slot, in place of the command
inline constexpr size_t kTextBytes = 32;
}  // namespace slot

// The string table: a head of one cache line, then records. A record is one word, u32 length and u32 CRC-32 of the bytes,
// then the bytes, padded to whole words.
namespace strings {
inline constexpr uint32_t kUsedAt = 0, kLostAt = 8;  // in the head
inline constexpr uint32_t kHeadBytes = 64, kRecordHeadBytes = 8, kUnit = 8;
inline constexpr uint32_t kCutLength = 1u << 31;     // in a record's length: its text was longer than kMaxTextBytes
inline constexpr uint32_t kMinBytes = 128, kMaxBytes = 1u << 26;  // of a table; 64 MiB of texts is a mistake
// The longest text and the longest attributes that are kept whole: a stack trace with its paths, and not a response body.
inline constexpr size_t kMaxTextBytes = 4096, kMaxAttrsBytes = 4096;
inline constexpr size_t kMaxRecordBytes = kMaxAttrsBytes + 1 + kMaxTextBytes;
// What a slot that points to a record has left for its text; then a NUL, and the record's place in the last 4 bytes.
inline constexpr size_t kSlotTextBytes = 27;
inline constexpr int kPlaceWord = 3, kPlaceShift = 32;  // of the text's four words
}  // namespace strings

// Words of a now-cell.
namespace cellword {
inline constexpr int kLock = 0, kEnteredAt = 1, kDeadline = 2, kOrdinal = 3;
inline constexpr int kCodes = 4;    // phase, op, flags, dtype, group u16, layer i16
inline constexpr int kPeer = 5;     // peer i32
inline constexpr int kCommand = 6, kTask = 8, kSite = 10, kWords = 16;
}  // namespace cellword

// Words of the memory gauges.
namespace gauge {
inline constexpr int kLock = 0, kTime = 1, kActive = 2, kCache = 3, kPeak = 4, kWiredLimit = 5, kSource = 6;
}

static_assert(slot::kWords * 8 == kSlotBytes && slot::kText * 8 == 88 && slot::kSeq2 * 8 == 120);
static_assert(slot::kText * 8 + slot::kTextBytes == slot::kSeq2 * 8);
static_assert(strings::kSlotTextBytes + 1 + sizeof(uint32_t) == slot::kTextBytes);
static_assert(cellword::kWords * 8 == header::kCellBytes && cellword::kSite * 8 == 80);
static_assert(header::kCellsAt + 16 * header::kCellBytes <= kHeaderBytes);
static_assert(header::kGaugesAt + header::kGaugesBytes <= header::kCellsAt);
static_assert(header::kModelId.offset + header::kModelId.bytes <= header::kMainHeadAt);
static_assert(header::kMainHeadAt % 64 == 0 && header::kRareHeadAt % 64 == 0 && header::kMemoryHeadAt % 64 == 0);
static_assert(header::kHeartbeatAt % 64 == 0 && header::kGaugesAt % 64 == 0 && header::kExitAt % 8 == 0);

constexpr uint64_t writing(uint64_t number) { return 2 * number + 1; }
constexpr uint64_t written(uint64_t number) { return 2 * number + 2; }

// Length of the longest start of `text` that fits into `limit` bytes without splitting a UTF-8 character.
constexpr size_t cut_length(const char* text, size_t length, size_t limit) {
  if (length <= limit) return length;
  size_t end = limit;
  while (end > 0 && limit - end < 4 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  const bool not_utf8 = (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80;
  return not_utf8 ? limit : end;
}

}  // namespace rankscope::ring
