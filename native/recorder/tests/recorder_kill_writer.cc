// recorder_kill_writer FILE MAIN_COUNT THREADS: records as fast as it can until it is killed. In every entry b and the
// text follow from a, so that whoever reads the file afterwards knows a whole entry from a torn one. Every 32nd entry has
// a text that no other has and no slot can hold, so that most kills find a record of the string table half written.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>
#include <vector>

#include "recorder.h"

using namespace rankscope;

namespace {

void record_forever(Recorder& recorder, uint64_t thread) {
  char text[96];
  for (uint64_t i = 0;; ++i) {
    Entry entry;
    entry.phase = Phase::decode_stream;
    entry.kind = Kind::mark;
    entry.event = Event::progress;
    entry.a = thread << 32 | (i & 0xFFFF'FFFF);
    entry.b = entry.a ^ 0x5A5A'5A5A'5A5A;
    const bool is_long = entry.a % 32 == 0;
    std::snprintf(text, sizeof text, is_long ? "%" PRIu64 ", which is a text that no slot can hold" : "%" PRIu64, entry.a);
    entry.text = text;
    recorder.record(entry);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::fputs("usage: recorder_kill_writer FILE MAIN_COUNT THREADS\n", stderr);
    return 2;
  }
  RecorderOptions options;
  options.path = argv[1];
  options.runner_id = "killed";
  options.main_count = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
  options.rare_count = options.memory_count = 64;
  options.strings_bytes = 16 << 20;  // more than is written before the kill, so that writing goes on until then
  const auto recorder = Recorder::open(options);
  std::puts("recording");
  std::fflush(stdout);
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < std::strtoul(argv[3], nullptr, 10); ++thread) {
    threads.emplace_back([&recorder, thread] { record_forever(*recorder, thread); });
  }
  for (auto& thread : threads) thread.join();
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
