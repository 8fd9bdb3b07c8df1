// One request: cache look-up, prefill, first token, decoding. Every rank runs the same steps in the same order and
// learns token and cancel from one small collective a step, so that all end in the same one.
#pragma once
#include <atomic>
#include <functional>

#include "forward_step.h"
#include "sampler.h"
#include "task_loop.h"

namespace rankscope {

struct GenerateRequest {
  std::vector<int32_t> tokens;
  int max_tokens = 1;
  Sampling sampling;
  int prefill_chunk = 512;
  std::vector<int32_t> eos_token_ids;
  bool want_logits = false;
};

enum class FinishReason { stop, length, cancelled };

struct GenerateResult {
  FinishReason finish_reason = FinishReason::length;
  std::vector<int32_t> tokens;
  int prompt_tokens = 0, cached_tokens = 0;
  double prefill_ms = 0, decode_ms = 0;
  std::vector<float> logits;  // empty: not asked for, or another rank has them
};

using OnToken = std::function<void(int32_t token, int index)>;

class Generator {
 public:
  struct Parts {
    const Llama& model;
    KvCache& cache;
    RankGroup& group;
    TaskLoop& loop;
    Faults& faults;
    const std::atomic<bool>& cancel;
  };
  Generator(Parts parts, const GenerateRequest& request) : p_(parts), request_(request), sampler_(request.sampling) {}

  // `context`: the most tokens that prompt and answer may have together.
  GenerateResult run(int context, const OnToken& on_token);

 private:
  // What all ranks know after a barrier.
  struct Agreed {
    int32_t token = 0;
    bool cancelled = false;
  };

  void look_up_cache();
  bool prefill();  // false: cancelled
  void prefill_chunk(const std::vector<int32_t>& tokens, int index, int total);
  Agreed first_token();
  void decode(int most, Agreed agreed, const OnToken& on_token);
  int32_t decode_step(int32_t token, int index, int most);
  int32_t sample(const mlx::core::array& logits);
  Agreed agree(int32_t token);
  void observe_cancel();
  // A rank alone has no collective for a fault to strike at.
  void strike_if_alone(Phase phase);
  bool alone() const { return p_.group.world() == 1; }

  const Parts p_;
  const GenerateRequest& request_;
  Sampler sampler_;
  GenerateResult result_;
  std::vector<int32_t> history_;
  std::optional<mlx::core::array> last_hidden_;  // of the prompt's last token
};

}  // namespace rankscope
