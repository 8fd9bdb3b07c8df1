// The small numbers of a recorder slot. packages/schema/src/phase.ts and flight-codes.ts say the same in TypeScript;
// a house test holds the two against each other. A number is never reused.
#pragma once
#include <cstdint>

namespace rankscope {

enum class Phase : uint8_t {
  none = 0, created = 1, idle = 2, connect_group = 3, load_model = 4, warmup = 5,
  task_submission = 6, task_agreement = 7, prompt_build = 8, vision_preprocess = 9, kv_cache_lookup = 10,
  prefill_barrier = 11, prefill_pipeline = 12, prefill_stream = 13,
  decode_barrier = 14, decode_wait_first_token = 15, decode_stream = 16, parser = 17,
  cancel_requested = 18, cancel_observed = 19, completion = 20, error = 21, shutdown_cleanup = 22,
};

enum class Kind : uint8_t { enter = 1, exit = 2, mark = 3, memory = 4 };

enum class Event : uint16_t {
  enter = 1, exit = 2, error = 3, exception = 4, cancel_observed = 5, progress = 6,
  collective_enter = 7, collective_exit = 8, collective_failed = 9, task_begin = 10, task_end = 11, status = 12,
  fault_injected = 13, fault_released = 14, deadline_passed = 15, aborted = 16, memory = 17,
  process_started = 18, process_exited = 19, process_died = 20, process_stalled = 21, process_resumed = 22,
  channel_closed = 23, cache_hit = 24, cache_miss = 25,
};

enum class Op : uint8_t {
  none = 0, all_sum = 1, all_gather = 2, send = 3, recv = 4, all_max = 5, all_min = 6, sum_scatter = 7, init = 8,
};

enum class ElementType : uint8_t {
  none = 0, bool_ = 1, uint8 = 2, uint16 = 3, uint32 = 4, uint64 = 5, int8 = 6, int16 = 7, int32 = 8, int64 = 9,
  float16 = 10, float32 = 11, float64 = 12, bfloat16 = 13, complex64 = 14,
};

namespace flag {
inline constexpr uint8_t has_memory = 1, text_cut = 2, rare = 4, point_to_point = 8;
inline constexpr uint8_t in_table = 16, has_attrs = 32, attrs_lost = 64;
}

namespace cell {
inline constexpr int task_loop = 0, engine = 1, parser = 2, count = 16;
}

}  // namespace rankscope
