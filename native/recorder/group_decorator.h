// A group around MLX's own that records every collective, keeps a window of one, and can be told to fail.
#pragma once
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <mlx/array.h>
#include <mlx/distributed/distributed_impl.h>

#include "collective_log.h"
#include "faults.h"

namespace rankscope {

// A collective failed, here or in a call before; the text holds the first failure's own words.
struct GroupBroken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Window : uint8_t {
  // A collective is handed to MLX only after the one before has left the stream. Then the one that fails is the last
  // in the stream, and eval's own clean-up (it synchronizes the stream before it rethrows) can return. With more of
  // them queued, the third one on a broken group never returns, out of reach of shutdown(2).
  one,
  // As MLX does it. For the test that shows why not.
  none,
};

enum class ExitTask : uint8_t {
  asks,   // the stream, whether the collective failed
  blind,  // as if somebody else had taken the error away before. For the test of that case.
};

class GroupDecorator final : public mlx::core::distributed::detail::GroupImpl {
 public:
  using Array = mlx::core::array;
  using Stream = mlx::core::Stream;

  struct Options {
    uint16_t group = 0;  // number of this group in the ring file
    Window window = Window::one;
    ExitTask exit_task = ExitTask::asks;
  };

  GroupDecorator(std::shared_ptr<GroupImpl> inner, CollectiveLog& log, Faults& faults, Options options);

  // Any thread. Whatever waits for its turn, or comes later, throws GroupBroken; the first reason stays.
  void poison(const std::string& reason);
  // Engine thread: an eval ended with an error that says it came from the group's backend. Whoever asks a stream for its
  // error takes it away, and eval asks too; where it was quicker than the exit task, the group is given up here.
  void blame(const std::string& what);
  bool poisoned() const;
  std::string reason() const;

  Stream communication_stream(mlx::core::StreamOrDevice s) override;
  int rank() override;
  int size() override;
  std::shared_ptr<GroupImpl> split(int color, int key) override;
  void all_sum(const Array& input, Array& output, Stream stream) override;
  void all_gather(const Array& input, Array& output, Stream stream) override;
  void send(const Array& input, int dst, Stream stream) override;
  void recv(Array& out, int src, Stream stream) override;
  void all_max(const Array& input, Array& output, Stream stream) override;
  void all_min(const Array& input, Array& output, Stream stream) override;
  void sum_scatter(const Array& input, Array& output, Stream stream) override;

 private:
  template <class Call>
  void hand_over(Op op, const Array& payload, int peer, Stream stream, Call call);
  Collective describe(Op op, const Array& payload, int peer);
  void wait_for_turn();
  void enqueue_exit(const Collective& collective, Stream stream);
  void finish(const Collective& collective, const std::string* failure);

  const std::shared_ptr<GroupImpl> inner_;
  CollectiveLog& log_;
  Faults& faults_;
  const Options options_;

  Collective last_;  // handed over last; engine thread
  uint64_t next_ordinal_ = 0;
  std::map<std::pair<Op, int>, uint64_t> next_message_;  // by direction and peer

  mutable std::mutex mutex_;
  std::condition_variable turn_;
  uint64_t handed_over_ = 0, finished_ = 0;
  bool poisoned_ = false;
  std::string reason_;
};

}  // namespace rankscope
