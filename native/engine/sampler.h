// Chooses the next token from logits. On the host: one pass over a row is small beside computing it, and the same seed
// gives the same tokens on every machine.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace rankscope {

struct Sampling {
  float temperature = 0, top_p = 1, min_p = 0, repetition_penalty = 1;
  int top_k = 0;
  uint32_t seed = 0;

  // Nothing but the largest logit matters, so that the device may find it.
  bool plainly_greedy() const { return temperature == 0 && repetition_penalty == 1; }
};

class Sampler {
 public:
  explicit Sampler(const Sampling& sampling) : sampling_(sampling), state_(sampling.seed) {}
  // `history`: prompt and answer so far, for the repetition penalty. Changes `logits`.
  int32_t choose(std::span<float> logits, std::span<const int32_t> history);

 private:
  double uniform();

  const Sampling sampling_;
  uint64_t state_;
};

}  // namespace rankscope
