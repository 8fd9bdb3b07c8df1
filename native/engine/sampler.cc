#include "sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

namespace rankscope {
namespace {

struct Candidate {
  int32_t token;
  float logit;
  double weight;
};

void penalise(std::span<float> logits, std::span<const int32_t> history, float penalty) {
  for (const int32_t token : std::unordered_set<int32_t>(history.begin(), history.end())) {
    float& logit = logits[token];
    logit = logit > 0 ? logit / penalty : logit * penalty;
  }
}

bool by_logit(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

// Nothing can be cut from tokens less likely than e^-30 of the best: leaving them out keeps the sort short.
std::vector<Candidate> likely(std::span<const float> logits, float best, float temperature) {
  std::vector<Candidate> all;
  for (int32_t token = 0; token < static_cast<int32_t>(logits.size()); ++token) {
    const double log_weight = (double{logits[token]} - best) / temperature;
    if (log_weight > -30) all.push_back({token, logits[token], std::exp(log_weight)});
  }
  std::sort(all.begin(), all.end(), by_logit);
  return all;
}

double total_of(const std::vector<Candidate>& all) {
  return std::accumulate(all.begin(), all.end(), 0.0, [](double sum, const Candidate& c) { return sum + c.weight; });
}

void keep_top_p(std::vector<Candidate>& all, double top_p) {
  const double enough = top_p * total_of(all);
  double sum = 0;
  size_t kept = 0;
  while (kept < all.size() && sum < enough) sum += all[kept++].weight;
  all.resize(std::max<size_t>(kept, 1));
}

void keep_min_p(std::vector<Candidate>& all, double min_p) {
  const double least = min_p * all.front().weight;
  while (all.size() > 1 && all.back().weight < least) all.pop_back();
}

}  // namespace

int32_t Sampler::choose(std::span<float> logits, std::span<const int32_t> history) {
  if (sampling_.repetition_penalty != 1) penalise(logits, history, sampling_.repetition_penalty);
  const auto best = std::max_element(logits.begin(), logits.end());
  if (sampling_.temperature == 0) return static_cast<int32_t>(best - logits.begin());

  std::vector<Candidate> all = likely(logits, *best, sampling_.temperature);
  if (sampling_.top_k > 0 && all.size() > static_cast<size_t>(sampling_.top_k)) all.resize(sampling_.top_k);
  if (sampling_.top_p < 1) keep_top_p(all, sampling_.top_p);
  if (sampling_.min_p > 0) keep_min_p(all, sampling_.min_p);
  double left = uniform() * total_of(all);
  for (const Candidate& candidate : all) {
    left -= candidate.weight;
    if (left <= 0) return candidate.token;
  }
  return all.back().token;
}

// SplitMix64: one addition and three mixes a number, and the same numbers everywhere.
double Sampler::uniform() {
  uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1.0p-53;
}

}  // namespace rankscope
