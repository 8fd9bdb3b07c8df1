// The flight recorder's writer: knows neither Node nor MLX. Byte table: packages/flight-recorder/FORMAT.md.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "flight_codes.h"

namespace rankscope {

using Uuid = std::array<uint8_t, 16>;  // network order; all zero: none

inline constexpr uint64_t kNone = ~0ull;  // a size or ordinal that does not exist

// CLOCK_MONOTONIC in nanoseconds; on macOS CLOCK_MONOTONIC_RAW, which is the clock of Node's process.hrtime there.
uint64_t monotonic_ns() noexcept;

struct RecorderOptions {
  std::string path, runner_id, node_id, instance_id, model_id;
  Uuid boot_id{};
  uint32_t rank = 0, world_size = 1, attempt = 1;
  uint32_t rare_count = 1024, memory_count = 4096, main_count = 65536;  // powers of two
  uint32_t strings_bytes = 256 * 1024;  // of the table for texts that fit no slot; 0: none, and they are cut
};

struct MemoryBytes {  // bytes; kNone where MLX has no such getter
  uint64_t active = kNone, cache = kNone, peak = kNone, wired_limit = kNone;
  std::string_view source = "mlx.core";
};

struct Entry {
  Phase phase = Phase::none;
  Kind kind = Kind::mark;
  Event event = Event::status;
  uint64_t barrier_seq = kNone;
  uint64_t a = 0, b = 0;
  Op op = Op::none;
  uint8_t flags = 0;  // flag::rare copies the entry into the rare ring; flag::point_to_point
  uint16_t group = 0;
  int16_t layer = -1;
  uint8_t cell = cell::task_loop;
  ElementType dtype = ElementType::none;
  int32_t peer = -1;
  // Up to 32 bytes stand in the slot. What is longer is kept whole in the string table, up to 4096 bytes; when that is
  // full, the slot has the text cut at a character, flag::text_cut set.
  std::string_view text;
  std::string_view attrs;           // a JSON object of at most 4096 bytes; kept in the string table; empty: none
  uint64_t t_mono = 0;              // 0: now
  const MemoryBytes* memory = nullptr;
};

struct NowState {  // phase none empties the cell
  Phase phase = Phase::none;
  Op op = Op::none;
  uint8_t flags = 0;
  ElementType dtype = ElementType::none;
  uint16_t group = 0;
  int16_t layer = -1;
  int32_t peer = -1;
  uint64_t ordinal = kNone;
  uint64_t entered_at = 0;  // 0: now
  uint64_t deadline = 0;    // 0: none
  std::string_view site;
};

// Owns one ring file, mapped shared: what `record` has stored survives the process, because the kernel owns the page.
// `record` and `now` take no lock and allocate nothing; any thread may call `record`, one thread a cell may call `now`.
// A text that the string table already has costs its hash and a comparison, a new one its copy as well.
// A thread that was stopped inside `record` for a whole lap of the ring costs the entry that wanted its slot, never a
// wait and never a mixture of two entries.
class Recorder {
 public:
  // Creates and preallocates the file; it appears under its path only when the header is whole. Throws std::runtime_error that names the path and the reason (full disk, no
  // such directory, a count that is not a power of two).
  static std::unique_ptr<Recorder> open(const RecorderOptions& options);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  uint64_t record(const Entry& entry) noexcept;  // returns the entry's number
  void now(int cell, const NowState& state) noexcept;
  // Stamped on every later entry and cell, of all threads, until changed. Readers see both ids or neither of one call.
  void set_task(const Uuid& command, const Uuid& task) noexcept;
  void memory(const MemoryBytes& bytes) noexcept;  // the gauges in the header
  void heartbeat() noexcept;                       // by the watchdog thread
  void loop_beat() noexcept;                       // by the task loop
  void close(int exit_code) noexcept;              // says that the end was wanted; recording goes on to work

  uint64_t next() const noexcept;  // number of the next entry
  const std::string& path() const noexcept;

 private:
  struct Impl;
  explicit Recorder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rankscope
