// The ranks of one instance: joins MLX's ring, and says each collective's layer to the log before it is handed over.
#pragma once
#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include <mlx/array.h>
#include <mlx/distributed/distributed.h>

#include "rules.h"

namespace rankscope {

class RankGroup {
 public:
  RankGroup(CollectiveLog& log, Faults& faults, const Rules& rules) : log_(log), faults_(faults), rules_(rules) {}

  // Engine thread, and it is the first to touch MLX's scheduler. `hostfile` is where the ring's description may be
  // written; it is gone afterwards.
  void join(int rank, const std::vector<std::string>& hosts, const std::string& hostfile);
  int rank() const { return rank_; }
  int world() const { return world_; }

  // Lazy; evaluated by `eval`.
  mlx::core::array all_sum(const mlx::core::array& part, int layer);
  mlx::core::array send(const mlx::core::array& x, int to, int layer);
  mlx::core::array receive(const mlx::core::Shape& shape, mlx::core::Dtype dtype, int from, int layer);
  // Every eval of the engine goes through here, so that each collective knows the number of its eval.
  void eval(std::vector<mlx::core::array> outputs);

  // At once: the small collective by which ranks share a few numbers.
  std::vector<int32_t> sum(const std::vector<int32_t>& mine);
  std::vector<std::vector<uint8_t>> gather(const std::vector<uint8_t>& mine);

  // Any thread. Null while the group is not joined, and for a single rank.
  GroupDecorator* decorator() const { return decorator_.load(); }

 private:
  int partner(int neighbour) const;

  CollectiveLog& log_;
  Faults& faults_;
  const Rules rules_;
  int rank_ = 0, world_ = 1;
  std::optional<mlx::core::distributed::Group> group_;
  std::atomic<GroupDecorator*> decorator_{nullptr};  // owned by group_
};

}  // namespace rankscope
