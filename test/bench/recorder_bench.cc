// P1, native: nanoseconds of Recorder::record, clock included. recorder_bench FILE ROUNDS prints one JSON line.
// A round records a batch, because reading the clock around one call costs as much as the call; p99 is over batches.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "recorder.h"

using namespace rankscope;

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: recorder_bench FILE ROUNDS\n", stderr);
    return 2;
  }
  constexpr int kBatch = 64;
  const int rounds = std::atoi(argv[2]);
  RecorderOptions options;
  options.path = argv[1];
  options.runner_id = "bench";
  const auto recorder = Recorder::open(options);
  recorder->set_task(Uuid{1}, Uuid{2});

  Entry entry;
  entry.phase = Phase::decode_stream;
  entry.kind = Kind::enter;
  entry.event = Event::collective_enter;
  entry.op = Op::all_sum;
  entry.text = "model.layers.17.self_attn.o_proj";
  for (int i = 0; i < 2 * 65536; ++i) recorder->record(entry);  // every page is there, as after the first lap

  std::vector<double> each;
  each.reserve(rounds);
  for (int round = 0; round < rounds; ++round) {
    const uint64_t start = monotonic_ns();
    for (int i = 0; i < kBatch; ++i) {
      entry.barrier_seq = static_cast<uint64_t>(i);
      recorder->record(entry);
    }
    each.push_back(static_cast<double>(monotonic_ns() - start) / kBatch);
  }
  std::sort(each.begin(), each.end());
  std::printf("{\"n\":%d,\"batch\":%d,\"minNs\":%.1f,\"p50Ns\":%.1f,\"p99Ns\":%.1f,\"maxNs\":%.1f}\n", rounds * kBatch,
              kBatch, each.front(), each[each.size() / 2], each[each.size() * 99 / 100], each.back());
}
