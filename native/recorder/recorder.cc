#include "recorder.h"

#include <atomic>
#include <cstring>
#include <mutex>

#include "ring_file.h"
#include "ring_layout.h"
#include "string_table.h"

namespace rankscope {
namespace {

using namespace ring;
using Words = std::array<uint64_t, slot::kWords>;

// Words, not memcpy: these bytes are read by others while they are written.
void store_words(Word* to, const uint64_t* from, int first, int last) {
  for (int i = first; i <= last; ++i) to[i].store(from[i], std::memory_order_relaxed);
}

void put_uuid(uint64_t* words, const Uuid& id) { std::memcpy(words, id.data(), id.size()); }

// Returns flag::text_cut when the text did not fit.
uint8_t put_text(uint64_t* words, std::string_view text, size_t limit = slot::kTextBytes) {
  const size_t length = cut_length(text.data(), text.size(), limit);
  char bytes[slot::kTextBytes] = {};
  if (length > 0) std::memcpy(bytes, text.data(), length);
  std::memcpy(words, bytes, sizeof bytes);
  return length < text.size() ? flag::text_cut : 0;
}

// Fills a claimed slot. The slot is taken by swapping its seq, so two writers a lap apart never write into one slot at
// once: the one who finds it taken, or already holding a later entry, gives up its entry instead of waiting.
bool fill(Word* to, const Words& words, uint64_t number, bool keep_later) {
  uint64_t seen = to->load(std::memory_order_relaxed);
  if ((seen & 1) != 0 || (keep_later && seen > writing(number))) return false;
  if (!to->compare_exchange_strong(seen, writing(number), std::memory_order_relaxed)) return false;
  std::atomic_thread_fence(std::memory_order_release);  // nobody sees a new word under the old seq
  store_words(to, words.data(), slot::kSeq + 1, slot::kSeq2 - 1);
  to[slot::kSeq2].store(written(number), std::memory_order_release);
  to[slot::kSeq].store(written(number), std::memory_order_release);
  return true;
}

// The ids of the running task. Two buffers, so that a thread stopped in `set` delays no reader: the current buffer is
// written again only after a newer version was published, and a reader that saw the version move reads again.
class TaskIds {
 public:
  void set(const Uuid& command, const Uuid& task) noexcept {
    const std::lock_guard<std::mutex> one_setter(setters_);
    const uint64_t next = version_.load(std::memory_order_relaxed) + 1;
    uint64_t ids[4];
    put_uuid(ids, command);
    put_uuid(ids + 2, task);
    std::atomic_thread_fence(std::memory_order_release);
    for (int i = 0; i < 4; ++i) buffers_[next & 1][i].store(ids[i], std::memory_order_relaxed);
    version_.store(next, std::memory_order_release);
  }

  void read(uint64_t* command, uint64_t* task) const noexcept {
    for (;;) {
      const uint64_t before = version_.load(std::memory_order_acquire);
      const auto& ids = buffers_[before & 1];
      for (int i = 0; i < 2; ++i) command[i] = ids[i].load(std::memory_order_relaxed);
      for (int i = 0; i < 2; ++i) task[i] = ids[i + 2].load(std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_acquire);
      if (version_.load(std::memory_order_relaxed) == before) return;
    }
  }

 private:
  std::mutex setters_;
  std::atomic<uint64_t> version_{0};
  std::atomic<uint64_t> buffers_[2][4] = {};
};

}  // namespace

struct Recorder::Impl {
  explicit Impl(const RecorderOptions& options)
      : path(options.path), file(options),
        main(file.words(file.main_offset())), rare(file.words(file.rare_offset())),
        memory(file.words(file.memory_offset())),
        strings(file.words(file.strings_offset()), options.strings_bytes),
        main_mask(options.main_count - 1), rare_mask(options.rare_count - 1), memory_mask(options.memory_count - 1) {}

  Word* word(uint32_t offset) { return file.words(offset); }
  uint64_t claim(uint32_t head) { return word(head)->fetch_add(1, std::memory_order_relaxed); }

  void record_memory(uint64_t entry, uint64_t time, const MemoryBytes& bytes) {
    const uint64_t number = claim(header::kMemoryHeadAt);
    Words words{};
    words[slot::kTime] = time;
    words[slot::kBarrierSeq] = entry;
    words[slot::kA] = bytes.active;
    words[slot::kB] = bytes.cache;
    words[slot::kPeak] = bytes.peak;
    words[slot::kWiredLimit] = bytes.wired_limit;
    words[slot::kCodes] = static_cast<uint64_t>(Kind::memory) << 8 | static_cast<uint64_t>(Event::memory) << 32;
    words[slot::kPlace] = 0xFFFF'FFFF'0000'FFFF;  // no peer, no layer
    put_text(&words[slot::kText], bytes.source);
    fill(memory + (number & memory_mask) * slot::kWords, words, number, true);
  }

  // For attributes, and for a text that fits no slot: no collective that goes well has either, so it stays out of line.
  [[gnu::noinline]] uint8_t put_in_table(uint64_t* words, std::string_view text, std::string_view attrs) noexcept {
    const std::string_view kept_attrs = attrs.size() <= strings::kMaxAttrsBytes ? attrs : std::string_view{};
    const bool worth_it = !kept_attrs.empty() || text.size() > slot::kTextBytes;
    const uint32_t place = worth_it ? strings.keep(text, kept_attrs) : 0;
    const bool attrs_lost = !attrs.empty() && (place == 0 || kept_attrs.empty());
    uint8_t flags = attrs_lost ? flag::attrs_lost : 0;
    if (place == 0) {
      flags |= put_text(words, text);
    } else {
      flags |= flag::in_table | (kept_attrs.empty() ? 0 : flag::has_attrs);
      flags |= put_text(words, text, strings::kSlotTextBytes);
      words[strings::kPlaceWord] |= uint64_t{place} << strings::kPlaceShift;
    }
    const bool text_lost = place == 0 ? (flags & flag::text_cut) != 0 : text.size() > strings::kMaxTextBytes;
    if (attrs_lost || text_lost) strings.count_lost();
    return flags;
  }

  std::string path;
  RingFile file;
  Word *main, *rare, *memory;
  StringTable strings;
  uint64_t main_mask, rare_mask, memory_mask;
  TaskIds task_ids;
};

std::unique_ptr<Recorder> Recorder::open(const RecorderOptions& options) {
  return std::unique_ptr<Recorder>(new Recorder(std::make_unique<Impl>(options)));
}

Recorder::Recorder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Recorder::~Recorder() = default;

uint64_t Recorder::record(const Entry& entry) noexcept {
  Impl& ring = *impl_;
  const uint64_t number = ring.claim(header::kMainHeadAt);
  const uint64_t time = entry.t_mono != 0 ? entry.t_mono : monotonic_ns();
  uint8_t flags = entry.flags & (flag::rare | flag::point_to_point);
  if (entry.memory != nullptr) {
    ring.record_memory(number, time, *entry.memory);
    flags |= flag::has_memory;
  }

  Words words;
  words[slot::kTime] = time;
  words[slot::kBarrierSeq] = entry.barrier_seq;
  words[slot::kA] = entry.a;
  words[slot::kB] = entry.b;
  ring.task_ids.read(&words[slot::kCommand], &words[slot::kTask]);
  flags |= entry.text.size() <= slot::kTextBytes && entry.attrs.empty()
               ? put_text(&words[slot::kText], entry.text)
               : ring.put_in_table(&words[slot::kText], entry.text, entry.attrs);
  words[slot::kCodes] = static_cast<uint64_t>(entry.phase) | static_cast<uint64_t>(entry.kind) << 8 |
                        static_cast<uint64_t>(entry.op) << 16 | static_cast<uint64_t>(flags) << 24 |
                        static_cast<uint64_t>(entry.event) << 32 | static_cast<uint64_t>(entry.group) << 48;
  words[slot::kPlace] = static_cast<uint64_t>(static_cast<uint16_t>(entry.layer)) |
                        static_cast<uint64_t>(entry.cell) << 16 | static_cast<uint64_t>(entry.dtype) << 24 |
                        static_cast<uint64_t>(static_cast<uint32_t>(entry.peer)) << 32;

  fill(ring.main + (number & ring.main_mask) * slot::kWords, words, number, true);
  if ((flags & flag::rare) != 0) {
    const uint64_t position = ring.claim(header::kRareHeadAt) & ring.rare_mask;
    fill(ring.rare + position * slot::kWords, words, number, false);
  }
  return number;
}

void Recorder::now(int cell, const NowState& state) noexcept {
  if (cell < 0 || cell >= cell::count) return;
  Words words{};
  if (state.phase != Phase::none) {
    words[cellword::kEnteredAt] = state.entered_at != 0 ? state.entered_at : monotonic_ns();
    words[cellword::kDeadline] = state.deadline;
    words[cellword::kOrdinal] = state.ordinal;
    impl_->task_ids.read(&words[cellword::kCommand], &words[cellword::kTask]);
    const uint8_t flags = (state.flags & flag::point_to_point) | put_text(&words[cellword::kSite], state.site);
    words[cellword::kCodes] = static_cast<uint64_t>(state.phase) | static_cast<uint64_t>(state.op) << 8 |
                              static_cast<uint64_t>(flags) << 16 | static_cast<uint64_t>(state.dtype) << 24 |
                              static_cast<uint64_t>(state.group) << 32 |
                              static_cast<uint64_t>(static_cast<uint16_t>(state.layer)) << 48;
    words[cellword::kPeer] = static_cast<uint32_t>(state.peer);
  }
  Word* to = impl_->word(header::kCellsAt + static_cast<uint32_t>(cell) * header::kCellBytes);
  const uint64_t lock = to->load(std::memory_order_relaxed);
  to->store(lock + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  store_words(to, words.data(), cellword::kLock + 1, cellword::kWords - 1);
  to->store(lock + 2, std::memory_order_release);
}

void Recorder::set_task(const Uuid& command, const Uuid& task) noexcept { impl_->task_ids.set(command, task); }

void Recorder::memory(const MemoryBytes& bytes) noexcept {
  Word* to = impl_->word(header::kGaugesAt);
  uint64_t lock = to->load(std::memory_order_relaxed);
  // Another thread is just writing gauges as fresh as these.
  if ((lock & 1) != 0 || !to->compare_exchange_strong(lock, lock + 1, std::memory_order_acquire)) return;
  std::atomic_thread_fence(std::memory_order_release);
  Words words{};
  words[gauge::kTime] = monotonic_ns();
  words[gauge::kActive] = bytes.active;
  words[gauge::kCache] = bytes.cache;
  words[gauge::kPeak] = bytes.peak;
  words[gauge::kWiredLimit] = bytes.wired_limit;
  put_text(&words[gauge::kSource], bytes.source);
  store_words(to, words.data(), gauge::kLock + 1, gauge::kSource + 3);
  to->store(lock + 2, std::memory_order_release);
}

void Recorder::heartbeat() noexcept {
  impl_->word(header::kHeartbeatAt)->store(monotonic_ns(), std::memory_order_relaxed);
}

void Recorder::loop_beat() noexcept {
  impl_->word(header::kLoopAt)->store(monotonic_ns(), std::memory_order_relaxed);
}

void Recorder::close(int exit_code) noexcept {
  const uint64_t exit = static_cast<uint32_t>(exit_code) | static_cast<uint64_t>(header::kClosedByOwner) << 32;
  impl_->word(header::kExitAt)->store(exit, std::memory_order_release);
}

uint64_t Recorder::next() const noexcept {
  return impl_->word(header::kMainHeadAt)->load(std::memory_order_acquire);
}

const std::string& Recorder::path() const noexcept { return impl_->path; }

}  // namespace rankscope
