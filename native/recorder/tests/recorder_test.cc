// One thread: every byte of the format, and every way in which opening fails.
#include <csignal>
#include <stdexcept>

#include <sys/resource.h>

#include "expect.h"

using namespace rankscope;
using namespace rankscope::ring;
using namespace rankscope::test;

namespace {

Uuid uuid_of(uint8_t first) {
  Uuid id{};
  for (size_t i = 0; i < id.size(); ++i) id[i] = static_cast<uint8_t>(first + i);
  return id;
}

void header_says_who_it_belongs_to() {
  TemporaryRing ring;
  const auto before = monotonic_ns();
  auto recorder = Recorder::open(options_at(ring.path()));
  View view(ring.path());
  EXPECT(std::memcmp("RANKRING", view.text(0, 8).data(), 8) == 0, "magic");
  EXPECT(view.get<uint32_t>(8) == 1 && view.get<uint32_t>(12) == 0x01020304, "version or byte order");
  EXPECT(view.get<uint32_t>(16) == 4096 && view.get<uint32_t>(20) == 128, "header or slot bytes");
  EXPECT(view.get<uint32_t>(24) == 1024 && view.get<uint32_t>(28) == 65536 && view.get<uint32_t>(32) == 4096, "counts");
  EXPECT(view.get<uint64_t>(40) == 4096 && view.get<uint64_t>(48) == 4096 + 1024 * 128, "offsets");
  EXPECT(view.get<uint64_t>(56) == 4096 + (1024 + 4096) * 128, "main offset");
  EXPECT(view.get<uint64_t>(80) == view.bytes() && view.bytes() == 4096 + (1024 + 4096 + 65536) * 128 + 262144, "file bytes");
  EXPECT(view.get<uint64_t>(64) == view.bytes() - 262144 && view.get<uint64_t>(72) == 262144, "string table");
  EXPECT(view.get<uint64_t>(view.bytes() - 262144) == 64, "the first record goes behind the head");
  EXPECT(view.get<uint32_t>(88) == static_cast<uint32_t>(getpid()) && view.get<uint32_t>(92) == 3, "pid or attempt");
  EXPECT(view.get<uint32_t>(96) == 1 && view.get<uint32_t>(100) == 2, "rank or world size");
  EXPECT(view.get<uint64_t>(104) >= before && view.get<uint64_t>(112) > 1'600'000'000'000'000'000u, "anchors");
  EXPECT(view.get<uint8_t>(128) == 1 && view.get<uint8_t>(130) == 3, "boot id");
  EXPECT(view.text(160, 96) == "runner-1" && view.text(256, 96) == "node-1", "runnerId or nodeId");
  EXPECT(view.text(352, 96) == "instance-1" && view.text(448, 128) == "model-1", "instanceId or modelId");
}

void entry_keeps_every_field() {
  TemporaryRing ring;
  auto options = options_at(ring.path());
  options.main_count = 8;
  auto recorder = Recorder::open(options);
  recorder->set_task(uuid_of(0x10), uuid_of(0x80));
  MemoryBytes memory{100, 200, 300, kNone, "mlx.core"};
  Entry entry;
  entry.phase = Phase::decode_barrier;
  entry.kind = Kind::enter;
  entry.event = Event::collective_enter;
  entry.barrier_seq = 77;
  entry.a = 4096;
  entry.b = 5;
  entry.op = Op::all_sum;
  entry.flags = flag::rare | flag::point_to_point;
  entry.group = 0xABCD;
  entry.layer = -2;
  entry.cell = cell::engine;
  entry.dtype = ElementType::bfloat16;
  entry.peer = -7;
  entry.text = "site";
  entry.t_mono = 123456789;
  entry.memory = &memory;
  EXPECT(recorder->record(Entry{}) == 0 && recorder->record(entry) == 1, "numbers start at 0 and grow by one");
  View view(ring.path());
  const uint64_t main = view.get<uint64_t>(56), rare = view.get<uint64_t>(40), side = view.get<uint64_t>(48);
  for (const uint64_t at : {main + 128, rare}) {
    EXPECT(view.get<uint64_t>(at) == 4 && view.get<uint64_t>(at + 120) == 4, "seq of entry 1 is 4");
    EXPECT(view.get<uint64_t>(at + 8) == 123456789 && view.get<uint64_t>(at + 16) == 77, "time or barrierSeq");
    EXPECT(view.get<uint64_t>(at + 24) == 4096 && view.get<uint64_t>(at + 32) == 5, "a or b");
    EXPECT(view.get<uint8_t>(at + 40) == 0x10 && view.get<uint8_t>(at + 55) == 0x1F, "command");
    EXPECT(view.get<uint8_t>(at + 56) == 0x80 && view.get<uint8_t>(at + 71) == 0x8F, "task");
    EXPECT(view.get<uint8_t>(at + 72) == 14 && view.get<uint8_t>(at + 73) == 1, "phase or kind");
    EXPECT(view.get<uint8_t>(at + 74) == 1 && view.get<uint8_t>(at + 75) == (1 | 4 | 8), "op or flags");
    EXPECT(view.get<uint16_t>(at + 76) == 7 && view.get<uint16_t>(at + 78) == 0xABCD, "event or group");
    EXPECT(view.get<int16_t>(at + 80) == -2 && view.get<uint8_t>(at + 82) == 1, "layer or cell");
    EXPECT(view.get<uint8_t>(at + 83) == 13 && view.get<int32_t>(at + 84) == -7, "dtype or peer");
    EXPECT(view.text(at + 88, 32) == "site", "text");
  }
  EXPECT(view.get<uint64_t>(side) == 2 && view.get<uint64_t>(side + 16) == 1, "memory slot 0 belongs to entry 1");
  EXPECT(view.get<uint64_t>(side + 24) == 100 && view.get<uint64_t>(side + 32) == 200, "active or cache");
  EXPECT(view.get<uint64_t>(side + 40) == 300 && view.get<uint64_t>(side + 48) == kNone, "peak or wired limit");
  EXPECT(view.get<uint8_t>(side + 73) == 4 && view.text(side + 88, 32) == "mlx.core", "kind or source");
}

void text_is_cut_at_a_character_where_there_is_no_table() {
  TemporaryRing ring;
  auto options = options_at(ring.path());
  options.strings_bytes = 0;
  auto recorder = Recorder::open(options);
  const std::string exact(32, 'x'), split = std::string(31, 'x') + "é", wide = std::string(30, 'x') + "🦊";
  Entry entry;
  for (const std::string& text : {exact, split, wide, std::string(40, '\x80')}) {
    entry.text = text;
    recorder->record(entry);
  }
  View view(ring.path());
  EXPECT(view.get<uint64_t>(64) == 0 && view.get<uint64_t>(72) == 0, "no string table");
  EXPECT(view.bytes() == 4096 + (1024 + 4096 + 65536) * 128, "no room for one either");
  const uint64_t main = view.get<uint64_t>(56);
  const auto cut = [&](int n) { return (view.get<uint8_t>(main + 128 * n + 75) & flag::text_cut) != 0; };
  EXPECT(view.text(main + 88, 32) == exact && !cut(0), "32 bytes fit");
  EXPECT(view.text(main + 128 + 88, 32) == std::string(31, 'x') && cut(1), "no half é");
  EXPECT(view.text(main + 256 + 88, 32) == std::string(30, 'x') && cut(2), "no half fox");
  EXPECT(view.text(main + 384 + 88, 32).size() == 32 && cut(3), "what is no UTF-8 is cut at the limit");
}

SlotWords slot_of(const View& view, uint64_t number) {
  SlotWords words;
  const uint64_t at = view.get<uint64_t>(56) + number * 128;
  EXPECT(view.read_slot(at, number, words), "entry %llu is not whole", static_cast<unsigned long long>(number));
  return words;
}

uint8_t flags_of(const SlotWords& words) { return static_cast<uint8_t>(words[slot::kCodes] >> 24); }
std::string text_of(const SlotWords& words) {
  const char* text = reinterpret_cast<const char*>(&words[slot::kText]);
  return std::string(text, strnlen(text, slot::kTextBytes));
}

void what_fits_no_slot_is_in_the_table_once() {
  TemporaryRing ring;
  auto recorder = Recorder::open(options_at(ring.path()));
  const std::string sentence = "The ranks were not connected within 20000 ms: rank 1 never came";
  const std::string split = std::string(26, 'x') + "é" + std::string(26, 'y');
  Entry entry;
  entry.flags = flag::rare;
  entry.text = sentence;
  recorder->record(entry);
  recorder->record(entry);
  entry.text = split;
  recorder->record(entry);
  entry.text = "short";
  entry.attrs = R"({"exitCode":11})";
  recorder->record(entry);
  entry.text = sentence;
  recorder->record(entry);
  View view(ring.path());
  const auto first = slot_of(view, 0), second = slot_of(view, 1), third = slot_of(view, 2), fourth = slot_of(view, 3);
  EXPECT(text_of(first) == sentence.substr(0, 27), "27 bytes, then a NUL");
  EXPECT(flags_of(first) == (flag::rare | flag::text_cut | flag::in_table), "flags %d", flags_of(first));
  EXPECT(view.record_of(first) == sentence, "the whole text");
  EXPECT(first[slot::kText + 3] == second[slot::kText + 3], "a text stands there once");
  EXPECT(text_of(third) == std::string(26, 'x') && view.record_of(third) == split, "no half é");
  EXPECT(text_of(fourth) == "short", "a text that fits beside a place is whole in its slot");
  EXPECT(flags_of(fourth) == (flag::rare | flag::in_table | flag::has_attrs), "flags %d", flags_of(fourth));
  EXPECT(view.record_of(fourth) == std::string("{\"exitCode\":11}\0short", 21), "attributes, NUL, text");
  EXPECT(view.record_of(slot_of(view, 4)) == "{\"exitCode\":11}" + std::string(1, '\0') + sentence, "both");
  const uint64_t table = view.get<uint64_t>(64);
  EXPECT(view.get<uint64_t>(table + 8) == 0, "nothing was lost");
  SlotWords rare;
  EXPECT(view.read_slot(view.get<uint64_t>(40), 0, rare) && view.record_of(rare) == sentence, "the rare copy as well");
}

void what_the_table_cannot_take_is_cut_marked_and_counted() {
  TemporaryRing ring;
  auto options = options_at(ring.path());
  options.strings_bytes = 128 + 8 + 4104;
  auto recorder = Recorder::open(options);
  const std::string longest(4096, 'x'), longer = std::string(4095, 'x') + "é", attrs(4097, 'a');
  Entry entry;
  entry.text = longer;
  recorder->record(entry);  // 8 + 4096 bytes
  entry.text = "short";
  entry.attrs = attrs;
  recorder->record(entry);
  entry.text = std::string_view("0123456789012345678901234567890123456789");
  recorder->record(entry);
  entry.attrs = {};
  entry.text = longest;
  recorder->record(entry);
  entry.text = std::string_view("0123456789012345678901234567890123456789");
  recorder->record(entry);
  View view(ring.path());
  const uint64_t table = view.get<uint64_t>(64);
  EXPECT(view.record_of(slot_of(view, 0)) == std::string(4095, 'x'), "cut at a character");
  EXPECT((view.get<uint32_t>(table + 64) & strings::kCutLength) != 0, "and marked");
  EXPECT(flags_of(slot_of(view, 1)) == flag::attrs_lost && text_of(slot_of(view, 1)) == "short", "attributes too long");
  EXPECT(flags_of(slot_of(view, 2)) == (flag::attrs_lost | flag::text_cut | flag::in_table), "the text is kept");
  EXPECT(flags_of(slot_of(view, 3)) == flag::text_cut && text_of(slot_of(view, 3)).size() == 32, "no room: as ever");
  EXPECT(view.record_of(slot_of(view, 4)) == std::string(entry.text), "what is there already needs no room");
  EXPECT(view.get<uint64_t>(table + 8) == 4, "%d entries lost something", view.get<int>(table + 8));
}

// So many small records that the index is as full as it can get: what is not found is not kept twice without end.
void a_table_of_small_records_fills_and_stays_whole() {
  TemporaryRing ring;
  auto options = options_at(ring.path());
  options.strings_bytes = 4096;
  auto recorder = Recorder::open(options);
  for (int i = 0; i < 1000; ++i) {
    const std::string attrs = "{\"" + std::to_string(i) + "\":1}";
    Entry entry;
    entry.attrs = attrs;
    recorder->record(entry);
  }
  View view(ring.path());
  uint64_t kept = 0, lost = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto words = slot_of(view, i);
    const auto record = view.record_of(words);
    if (record) EXPECT(*record == "{\"" + std::to_string(i) + "\":1}" + std::string(1, '\0'), "of another entry");
    kept += record ? 1 : 0;
    lost += (flags_of(words) & flag::attrs_lost) != 0 ? 1 : 0;
  }
  const uint64_t table = view.get<uint64_t>(64);
  EXPECT(kept > 100 && kept + lost == 1000 && view.get<uint64_t>(table + 8) == lost, "each is kept or counted");
  EXPECT(view.get<uint64_t>(table) <= 4096, "beyond the end");
}

void header_lines_follow() {
  TemporaryRing ring;
  auto recorder = Recorder::open(options_at(ring.path()));
  View view(ring.path());
  recorder->set_task(uuid_of(1), uuid_of(2));
  NowState state;
  state.phase = Phase::decode_stream;
  state.op = Op::all_gather;
  state.ordinal = 9;
  state.entered_at = 55;
  state.deadline = 66;
  state.layer = 3;
  state.peer = 1;
  state.group = 2;
  state.site = "model.layers.3";
  recorder->now(cell::engine, state);
  EXPECT(view.word(1152) == 2 && view.word(1160) == 55 && view.word(1168) == 66 && view.word(1176) == 9, "cell words");
  EXPECT(view.get<uint8_t>(1184) == 16 && view.get<uint8_t>(1185) == 2, "cell phase or op");
  EXPECT(view.get<uint16_t>(1188) == 2 && view.get<int16_t>(1190) == 3 && view.get<int32_t>(1192) == 1, "cell place");
  EXPECT(view.get<uint8_t>(1200) == 1 && view.get<uint8_t>(1216) == 2, "cell ids");
  EXPECT(view.text(1232, 32) == "model.layers.3", "cell site");
  recorder->now(cell::engine, NowState{});
  EXPECT(view.get<uint8_t>(1184) == 0 && view.word(1152) == 4, "an emptied cell");
  recorder->now(99, state);  // no such cell: no harm
  recorder->memory({1, 2, kNone, 4, "mlx.core"});
  EXPECT(view.word(832) == 2 && view.word(848) == 1 && view.word(864) == kNone && view.word(872) == 4, "gauges");
  EXPECT(view.text(880, 32) == "mlx.core", "gauge source");
  recorder->heartbeat();
  recorder->loop_beat();
  EXPECT(view.word(768) > 0 && view.word(776) >= view.word(768), "heartbeat or loop");
  recorder->close(-9);
  EXPECT(view.get<int32_t>(784) == -9 && view.get<uint32_t>(788) == 1, "exit");
  EXPECT(recorder->record(Entry{}) == 0 && recorder->next() == 1, "recording goes on after close");
}

// What another thread leaves that was stopped in the middle of a slot, and what we find if it was us who were stopped.
void slot_of_another_lap_is_left_alone() {
  TemporaryRing ring;
  auto options = options_at(ring.path());
  options.main_count = 4;
  auto recorder = Recorder::open(options);
  Entry entry;
  entry.a = 1;
  for (int i = 0; i < 4; ++i) recorder->record(entry);
  View view(ring.path());
  const uint64_t main = view.get<uint64_t>(56);
  const int fd = ::open(ring.path().c_str(), O_WRONLY);
  const auto put_seq = [&](uint64_t slot, uint64_t seq) {
    EXPECT(pwrite(fd, &seq, sizeof seq, static_cast<off_t>(main + slot * 128)) == 8, "pwrite: %s", std::strerror(errno));
  };
  put_seq(0, writing(0));   // stopped in entry 0
  put_seq(1, written(9));   // entry 9 came before our entry 5
  entry.a = 2;
  EXPECT(recorder->record(entry) == 4 && recorder->record(entry) == 5 && recorder->record(entry) == 6, "numbers");
  EXPECT(view.word(main) == writing(0) && view.word(main + 24) == 1, "a slot that is being written was overwritten");
  EXPECT(view.word(main + 128) == written(9) && view.word(main + 128 + 24) == 1, "a later entry was overwritten");
  EXPECT(view.word(main + 256) == written(6) && view.word(main + 256 + 24) == 2, "the next slot is written as ever");
  ::close(fd);
}

template <typename Change>
void refuses(const char* expected, Change change) {
  TemporaryRing ring;
  auto options = options_at(ring.path());
  change(options, ring);
  try {
    Recorder::open(options);
  } catch (const std::runtime_error& error) {
    EXPECT(std::string(error.what()).find(expected) != std::string::npos, "\"%s\" lacks \"%s\"", error.what(), expected);
    EXPECT(access(ring.path().c_str(), F_OK) != 0, "nothing is left under the path");
    return;
  }
  EXPECT(false, "open should have refused: %s", expected);
}

// A file-size limit of this process stands in for a full disk: both refuse the allocation and nothing else.
void no_room_is_an_error_at_open() {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  EXPECT(getrlimit(RLIMIT_FSIZE, &limit) == 0, "getrlimit");
  const rlim_t was = limit.rlim_cur;
  limit.rlim_cur = 1 << 20;
  EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
  refuses("cannot be allocated", [](auto&, auto&) {});
  limit.rlim_cur = was;
  EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
}

}  // namespace

int main() {
  header_says_who_it_belongs_to();
  entry_keeps_every_field();
  text_is_cut_at_a_character_where_there_is_no_table();
  what_fits_no_slot_is_in_the_table_once();
  what_the_table_cannot_take_is_cut_marked_and_counted();
  a_table_of_small_records_fills_and_stays_whole();
  header_lines_follow();
  slot_of_another_lap_is_left_alone();
  refuses("mainCount", [](auto& options, auto&) { options.main_count = 1000; });
  refuses("rareCount", [](auto& options, auto&) { options.rare_count = 0; });
  refuses("stringsBytes", [](auto& options, auto&) { options.strings_bytes = 100; });
  refuses("stringsBytes", [](auto& options, auto&) { options.strings_bytes = 1u << 27; });
  refuses("runnerId", [](auto& options, auto&) { options.runner_id = std::string(97, 'r'); });
  refuses("No such file", [](auto& options, auto& ring) { options.path = ring.dir() + "/none/test.ring"; });
  no_room_is_an_error_at_open();
  std::puts("recorder_test: passed");
}
