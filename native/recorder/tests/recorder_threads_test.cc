// Several threads write while one reads: no entry is lost, none is a mixture of two, and ids and long texts belong.
#include <thread>
#include <vector>

#include "expect.h"

using namespace rankscope;
using namespace rankscope::ring;
using namespace rankscope::test;

namespace {

constexpr int kWriters = 4;

// Whatever is in a slot follows from `a`, so a mixture of two entries does not pass.
uint64_t derived(uint64_t a) { return a * 0x9E3779B97F4A7C15u + 1; }

Uuid uuid_filled(uint64_t value) {
  Uuid id{};
  std::memcpy(id.data(), &value, 8);
  std::memcpy(id.data() + 8, &value, 8);
  return id;
}

// Every so many-th entry has a text that fits no slot, one of a few hundred, so that threads meet over the same and over
// new ones. Entries of the others have none of it, so what is checked here is that nobody pays for it.
constexpr uint64_t kLongEvery = 32, kLongTexts = 300;

bool is_long(uint64_t a) { return a % kLongEvery == 0; }

std::string long_text_of(uint64_t a) {
  return "text " + std::to_string(a / kLongEvery % kLongTexts) + " of several that fit no slot " +
         std::string(a / kLongEvery % 90, 'x');
}

// `text` is the writer's own, and holds what the entry points to.
Entry entry_of(uint64_t writer, uint64_t i, std::string& text) {
  Entry entry;
  entry.a = writer << 32 | i;
  entry.b = derived(entry.a);
  entry.barrier_seq = derived(entry.b);
  entry.phase = Phase::decode_stream;
  entry.layer = static_cast<int16_t>(i & 0x7FFF);
  entry.peer = static_cast<int32_t>(i & 0x7FFF);
  entry.flags = i % 16 == 0 ? flag::rare : 0;
  text.resize(16);
  if (is_long(entry.a)) text = long_text_of(entry.a);
  else std::snprintf(text.data(), 17, "%016llx", static_cast<unsigned long long>(entry.b));
  entry.text = text;
  return entry;
}

void check_whole(const View& view, const SlotWords& slot) {
  const uint64_t a = slot[slot::kA];
  EXPECT(slot[slot::kB] == derived(a), "b does not belong to a=%llx", static_cast<unsigned long long>(a));
  EXPECT(slot[slot::kBarrierSeq] == derived(slot[slot::kB]), "barrierSeq does not belong");
  EXPECT((slot[slot::kPlace] & 0xFFFF) == (a & 0x7FFF) && slot[slot::kPlace] >> 32 == (a & 0x7FFF), "place does not belong");
  if (is_long(a)) {
    const auto record = view.record_of(slot);
    EXPECT(record && *record == long_text_of(a), "long text does not belong: %s", record ? record->c_str() : "none");
  } else {
    char text[32] = {};
    std::snprintf(text, 32, "%016llx", static_cast<unsigned long long>(slot[slot::kB]));
    EXPECT(std::memcmp(text, &slot[slot::kText], 16) == 0, "text does not belong");
  }
  EXPECT(slot[slot::kCommand] == slot[slot::kCommand + 1], "half a command id");
  EXPECT(slot[slot::kCommand] == slot[slot::kTask] && slot[slot::kTask] == slot[slot::kTask + 1], "ids of two calls");
}

// Runs the writers beside a thread that changes the ids and one that reads every slot again and again.
void write_and_validate(uint32_t main_count, uint64_t each, bool all_survive) {
  TemporaryRing ring;
  auto options = options_at(ring.path());
  options.main_count = main_count;
  options.rare_count = 64;
  auto recorder = Recorder::open(options);
  View view(ring.path());
  const uint64_t main = view.get<uint64_t>(56), rare = view.get<uint64_t>(40);
  std::atomic<int> running{kWriters};
  std::atomic<uint64_t> validated{0};

  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      std::string text;
      for (uint64_t i = 0; i < each; ++i) recorder->record(entry_of(writer, i, text));
      running.fetch_sub(1);
    });
  }
  for (int setter = 0; setter < 2; ++setter) {
    threads.emplace_back([&, setter] {
      for (uint64_t value = setter; running.load() > 0; value += 2) {
        recorder->set_task(uuid_filled(value), uuid_filled(value));
        NowState state;
        state.phase = Phase::decode_barrier;
        state.ordinal = value;
        recorder->now(setter, state);
        recorder->memory({value, value, value, value});
        recorder->loop_beat();
        recorder->heartbeat();
      }
    });
  }
  // Takes whatever number a slot says it holds: in a small ring the head is laps further before one can look.
  const auto validate = [&](uint64_t offset) {
    SlotWords slot;
    const uint64_t seq = view.word(offset);
    if (seq == 0 || (seq & 1) != 0 || !view.read_slot(offset, seq / 2 - 1, slot)) return;
    check_whole(view, slot);
    validated.fetch_add(1, std::memory_order_relaxed);
  };
  threads.emplace_back([&] {
    while (running.load() > 0) {
      for (uint64_t p = 0; p < main_count; ++p) validate(main + p * 128);
      for (uint64_t p = 0; p < 64; ++p) validate(rare + p * 128);
    }
  });
  for (auto& thread : threads) thread.join();

  EXPECT(recorder->next() == kWriters * each, "%llu numbers given", static_cast<unsigned long long>(recorder->next()));
  SlotWords slot;
  uint64_t whole = 0;
  std::vector<uint64_t> seen(kWriters, 0);
  for (uint64_t n = recorder->next() > main_count ? recorder->next() - main_count : 0; n < recorder->next(); ++n) {
    if (!view.read_slot(main + (n % main_count) * 128, n, slot)) continue;
    check_whole(view, slot);
    whole += 1;
    seen[slot[slot::kA] >> 32] += 1;
  }
  if (all_survive) {
    for (int writer = 0; writer < kWriters; ++writer) EXPECT(seen[writer] == each, "writer %d lost entries", writer);
  }
  EXPECT(validated.load() > 0, "the reader read nothing");
  // In a ring of two slots both last entries may have met a thread that was stopped in theirs.
  EXPECT(whole > 0 || main_count == 2, "nothing is whole at the end");
  // Of texts that several threads kept at once all but one are gaps; none was kept again later.
  const uint64_t table = view.get<uint64_t>(64), used = view.get<uint64_t>(table);
  EXPECT(used <= 64 + kLongTexts * kWriters * 160, "%llu bytes for a few texts", static_cast<unsigned long long>(used));
  EXPECT(view.get<uint64_t>(table + 8) == 0, "a text was lost");
  std::printf("main %u: %llu written, %llu validated while writing, %llu whole at the end\n", main_count,
              static_cast<unsigned long long>(recorder->next()), static_cast<unsigned long long>(validated.load()),
              static_cast<unsigned long long>(whole));
}

// Threads fill a small table together: what found no room is cut and counted, and nothing else is.
void fill_a_table_together() {
  TemporaryRing ring;
  auto options = options_at(ring.path());
  options.strings_bytes = 16 * 1024;
  auto recorder = Recorder::open(options);
  constexpr uint64_t kEach = 1'500;
  const auto text_of = [](uint64_t a) { return "a text that nobody else has, number " + std::to_string(a); };
  std::vector<std::thread> threads;
  for (uint64_t writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (uint64_t i = 0; i < kEach; ++i) {
        Entry entry;
        entry.a = writer << 32 | i;
        const std::string text = text_of(entry.a);
        entry.text = text;
        recorder->record(entry);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  View view(ring.path());
  uint64_t kept = 0;
  for (uint64_t n = 0; n < kWriters * kEach; ++n) {
    SlotWords slot;
    EXPECT(view.read_slot(view.get<uint64_t>(56) + n * 128, n, slot), "entry is not whole");
    const auto record = view.record_of(slot);
    if (record) EXPECT(*record == text_of(slot[slot::kA]), "of another entry");
    EXPECT(((slot[slot::kCodes] >> 24 & flag::in_table) != 0) == record.has_value(), "a place that leads nowhere");
    kept += record ? 1 : 0;
  }
  const uint64_t table = view.get<uint64_t>(64), lost = view.get<uint64_t>(table + 8);
  EXPECT(kept > 200 && kept + lost == kWriters * kEach, "%llu kept, %llu lost", static_cast<unsigned long long>(kept),
         static_cast<unsigned long long>(lost));
  EXPECT(view.get<uint64_t>(table) <= options.strings_bytes, "beyond the end");
}

// All threads keep the same new text at the same moment, again and again, and each looks at once at what it points to:
// whoever finds another's record must find it whole.
void keep_one_text_together() {
  TemporaryRing ring;
  auto options = options_at(ring.path());
  options.strings_bytes = 4 << 20;
  auto recorder = Recorder::open(options);
  const View view(ring.path());
  constexpr uint64_t kRounds = 500;
  std::atomic<uint64_t> arrived{0};
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&] {
      for (uint64_t round = 0; round < kRounds; ++round) {
        const std::string text = "the same new text for all of them, in round " + std::to_string(round);
        Entry entry;
        entry.text = text;
        arrived.fetch_add(1);
        while (arrived.load() < kWriters * (round + 1)) std::this_thread::yield();
        const uint64_t n = recorder->record(entry);
        SlotWords slot;
        EXPECT(view.read_slot(view.get<uint64_t>(56) + n * 128, n, slot), "entry is not whole");
        EXPECT(view.record_of(slot) == text, "its record is not whole");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const uint64_t used = view.get<uint64_t>(view.get<uint64_t>(64));
  EXPECT(used >= kRounds * 56 && used < kRounds * kWriters * 64 + 64, "%llu bytes", static_cast<unsigned long long>(used));
}

}  // namespace

int main() {
  write_and_validate(1u << 16, 16'000, true);  // no wrap: everything must be there
  write_and_validate(64, 300'000, false);      // long enough that threads are stopped inside a slot and lapped
  write_and_validate(2, 100'000, false);       // writers meet in one slot all the time
  fill_a_table_together();
  keep_one_text_together();
  std::puts("recorder_threads_test: passed");
}
