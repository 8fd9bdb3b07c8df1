#include "rank_group.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <mlx/distributed/ops.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include "engine_error.h"

namespace rankscope {

namespace mx = mlx::core;

namespace {

// MLX's ring reads its ranks from a file named in the environment.
class Hostfile {
 public:
  Hostfile(std::string path, const std::vector<std::string>& hosts) : path_(std::move(path)) {
    std::ofstream out(path_);
    out << "[";
    for (size_t i = 0; i < hosts.size(); ++i) out << (i ? "," : "") << "[\"" << hosts[i] << "\"]";
    out << "]";
    out.close();
    if (!out) throw EngineError(ErrorCode::connect_failed, path_ + ": the ring's host file could not be written");
  }
  ~Hostfile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  Hostfile(const Hostfile&) = delete;
  Hostfile& operator=(const Hostfile&) = delete;

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

}  // namespace

void RankGroup::join(int rank, const std::vector<std::string>& hosts, const std::string& hostfile) {
  const Hostfile file(hostfile, hosts);
  setenv("MLX_HOSTFILE", file.path().c_str(), 1);
  setenv("MLX_RANK", std::to_string(rank).c_str(), 1);
  const mx::distributed::Group ring = mx::distributed::init(true, "ring");
  auto decorator = std::make_shared<GroupDecorator>(ring.raw_group(), log_, faults_,
                                                    GroupDecorator::Options{.group = 0, .window = rules_.window,
                                                                             .exit_task = rules_.exit_task});
  group_.emplace(decorator);
  rank_ = ring.rank();
  world_ = ring.size();
  decorator_ = decorator.get();
}

mx::array RankGroup::all_sum(const mx::array& part, int layer) {
  log_.expect_layer(static_cast<int16_t>(layer));
  return mx::distributed::all_sum(part, group_);
}

mx::array RankGroup::send(const mx::array& x, int to, int layer) {
  log_.expect_layer(static_cast<int16_t>(layer));
  return mx::distributed::send(x, partner(to), group_);
}

mx::array RankGroup::receive(const mx::Shape& shape, mx::Dtype dtype, int from, int layer) {
  log_.expect_layer(static_cast<int16_t>(layer));
  return mx::distributed::recv(shape, dtype, partner(from), group_);
}

// The ring has sockets to the ranks beside it and to no others.
int RankGroup::partner(int neighbour) const { return rules_.neighbours_only ? neighbour : 2 * neighbour - rank_; }

void RankGroup::eval(std::vector<mx::array> outputs) {
  log_.begin_eval();
  try {
    mx::eval(std::move(outputs));
  } catch (const std::exception& e) {
    log_.end_eval();
    if (decorator() && rules_.eval_blames_group) decorator()->blame(e.what());
    throw;
  }
  log_.end_eval();
}

std::vector<int32_t> RankGroup::sum(const std::vector<int32_t>& mine) {
  const mx::array total = all_sum(mx::array(mine.data(), {static_cast<int>(mine.size())}, mx::int32), -1);
  eval({total});
  return {total.data<int32_t>(), total.data<int32_t>() + mine.size()};
}

std::vector<std::vector<uint8_t>> RankGroup::gather(const std::vector<uint8_t>& mine) {
  if (world_ == 1) return {mine};
  const size_t each = mine.size();
  log_.expect_layer(-1);
  const mx::array all = mx::distributed::all_gather(mx::array(mine.data(), {1, static_cast<int>(each)}, mx::uint8), group_);
  eval({all});
  std::vector<std::vector<uint8_t>> ranks;
  for (int r = 0; r < world_; ++r)
    ranks.emplace_back(all.data<uint8_t>() + r * each, all.data<uint8_t>() + (r + 1) * each);
  return ranks;
}

}  // namespace rankscope
