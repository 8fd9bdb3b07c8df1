// What the recorder's tests share: a check that says what was wrong and ends the program, and reading a slot back
// from the file the way another process would.
#pragma once
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "recorder.h"
#include "ring_layout.h"

#define EXPECT(condition, ...)                                          \
  do {                                                                  \
    if (!(condition)) {                                                 \
      std::fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
      std::fprintf(stderr, __VA_ARGS__);                                \
      std::fprintf(stderr, "\n");                                       \
      std::exit(1);                                                     \
    }                                                                   \
  } while (0)

namespace rankscope::test {

using SlotWords = std::array<uint64_t, ring::slot::kWords>;

// Bit by bit, so that it shares nothing with the recorder's.
inline uint32_t crc32_by_the_book(const std::string& bytes) {
  uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB8'8320u : 0);
  }
  return ~crc;
}

class TemporaryRing {
 public:
  TemporaryRing() {
    char name[] = "/tmp/rankscope-recorder-XXXXXX";
    EXPECT(mkdtemp(name) != nullptr, "mkdtemp: %s", std::strerror(errno));
    dir_ = name;
  }
  ~TemporaryRing() {
    unlink(path().c_str());
    rmdir(dir_.c_str());
  }
  std::string path() const { return dir_ + "/test.ring"; }
  const std::string& dir() const { return dir_; }

 private:
  std::string dir_;
};

// A second mapping, read only: another process's view.
class View {
 public:
  explicit View(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY);
    EXPECT(fd >= 0, "%s: %s", path.c_str(), std::strerror(errno));
    struct stat file {};
    EXPECT(fstat(fd, &file) == 0, "fstat: %s", std::strerror(errno));
    bytes_ = static_cast<size_t>(file.st_size);
    void* mapped = mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, fd, 0);
    EXPECT(mapped != MAP_FAILED, "mmap: %s", std::strerror(errno));
    ::close(fd);
    base_ = static_cast<const unsigned char*>(mapped);
  }
  ~View() { munmap(const_cast<unsigned char*>(base_), bytes_); }
  View(const View&) = delete;

  size_t bytes() const { return bytes_; }
  uint64_t word(uint64_t offset) const { return atomic_word(offset).load(std::memory_order_acquire); }
  template <typename T>
  T get(uint64_t offset) const {
    T value;
    std::memcpy(&value, base_ + offset, sizeof value);
    return value;
  }
  std::string text(uint64_t offset, size_t limit) const {
    const char* start = reinterpret_cast<const char*>(base_ + offset);
    return std::string(start, strnlen(start, limit));
  }

  // The record a slot's text points to, when one stands whole there; nothing otherwise. FORMAT.md, "String table".
  std::optional<std::string> record_of(const SlotWords& words) const {
    using namespace ring;
    const auto flags = static_cast<uint8_t>(words[slot::kCodes] >> 24);
    if ((flags & flag::in_table) == 0) return std::nullopt;
    const uint64_t place = words[slot::kText + strings::kPlaceWord] >> strings::kPlaceShift;
    const uint64_t at = word(header::kStringsOffsetAt) + place * strings::kUnit;
    const uint64_t head = word(at);
    const auto length = static_cast<uint32_t>(head) & ~strings::kCutLength;
    if (length == 0 || length > strings::kMaxRecordBytes) return std::nullopt;
    std::string bytes(length, '\0');
    for (uint32_t i = 0; i < length; i += 8) {
      const uint64_t part = atomic_word(at + strings::kRecordHeadBytes + i).load(std::memory_order_relaxed);
      std::memcpy(bytes.data() + i, &part, std::min<size_t>(8, length - i));
    }
    if (crc32_by_the_book(bytes) != static_cast<uint32_t>(head >> 32)) return std::nullopt;
    return bytes;
  }

  // True when the slot at `offset` held entry `number` whole while it was copied.
  bool read_slot(uint64_t offset, uint64_t number, SlotWords& into) const {
    using namespace ring;
    for (int i = 0; i < slot::kWords; ++i) {
      into[i] = atomic_word(offset + 8 * i).load(i == 0 ? std::memory_order_acquire : std::memory_order_relaxed);
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    const uint64_t again = atomic_word(offset).load(std::memory_order_relaxed);
    return into[slot::kSeq] == written(number) && into[slot::kSeq2] == written(number) && again == written(number);
  }

 private:
  const std::atomic<uint64_t>& atomic_word(uint64_t offset) const {
    return *reinterpret_cast<const std::atomic<uint64_t>*>(base_ + offset);
  }
  const unsigned char* base_;
  size_t bytes_;
};

inline RecorderOptions options_at(const std::string& path) {
  RecorderOptions options;
  options.path = path;
  options.runner_id = "runner-1";
  options.node_id = "node-1";
  options.instance_id = "instance-1";
  options.model_id = "model-1";
  options.boot_id = {1, 2, 3};
  options.rank = 1;
  options.world_size = 2;
  options.attempt = 3;
  return options;
}

}  // namespace rankscope::test
