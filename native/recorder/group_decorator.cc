#include "group_decorator.h"

#include <exception>

#include <mlx/scheduler.h>

namespace rankscope {

namespace mx = mlx::core;

namespace {

ElementType element_type_of(mx::Dtype dtype) {
  switch (dtype.val()) {
    case mx::Dtype::Val::bool_: return ElementType::bool_;
    case mx::Dtype::Val::uint8: return ElementType::uint8;
    case mx::Dtype::Val::uint16: return ElementType::uint16;
    case mx::Dtype::Val::uint32: return ElementType::uint32;
    case mx::Dtype::Val::uint64: return ElementType::uint64;
    case mx::Dtype::Val::int8: return ElementType::int8;
    case mx::Dtype::Val::int16: return ElementType::int16;
    case mx::Dtype::Val::int32: return ElementType::int32;
    case mx::Dtype::Val::int64: return ElementType::int64;
    case mx::Dtype::Val::float16: return ElementType::float16;
    case mx::Dtype::Val::float32: return ElementType::float32;
    case mx::Dtype::Val::float64: return ElementType::float64;
    case mx::Dtype::Val::bfloat16: return ElementType::bfloat16;
    case mx::Dtype::Val::complex64: return ElementType::complex64;
  }
  return ElementType::none;
}

// Asking clears the stream's error; whoever asks must throw it again, or eval returns normally with wrong values.
std::exception_ptr take_error(mx::Stream stream) {
  try {
    mx::scheduler::check_error(stream);
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown error";
  }
}

}  // namespace

GroupDecorator::GroupDecorator(std::shared_ptr<GroupImpl> inner, CollectiveLog& log, Faults& faults, Options options)
    : inner_(std::move(inner)), log_(log), faults_(faults), options_(options) {}

void GroupDecorator::poison(const std::string& reason) {
  {
    std::lock_guard lock(mutex_);
    if (!poisoned_) reason_ = reason;
    poisoned_ = true;
  }
  turn_.notify_all();
}

void GroupDecorator::blame(const std::string& what) {
  // MLX's backends put their name in front of what they say.
  const bool of_backend = what.starts_with("[ring]") || what.starts_with("[mpi]") || what.starts_with("[nccl]") ||
                          what.starts_with("[jaccl]");
  if (!of_backend || poisoned()) return;
  log_.failed_unseen(last_, what);
  poison(what);
}

bool GroupDecorator::poisoned() const {
  std::lock_guard lock(mutex_);
  return poisoned_;
}

std::string GroupDecorator::reason() const {
  std::lock_guard lock(mutex_);
  return reason_;
}

template <class Call>
void GroupDecorator::hand_over(Op op, const Array& payload, int peer, Stream stream, Call call) {
  wait_for_turn();
  faults_.strike(log_.phase());
  wait_for_turn();  // the group may have been given up while a fault held this rank
  const Collective collective = last_ = describe(op, payload, peer);
  handed_over_ += 1;
  mx::scheduler::enqueue(stream, [this, collective] { log_.enter(collective); });
  try {
    call();
  } catch (const std::exception& e) {
    poison(e.what());
    enqueue_exit(collective, stream);
    throw;
  }
  enqueue_exit(collective, stream);
}

Collective GroupDecorator::describe(Op op, const Array& payload, int peer) {
  Collective collective;
  collective.op = op;
  collective.dtype = element_type_of(payload.dtype());
  collective.group = options_.group;
  collective.layer = log_.next_layer();
  collective.peer = peer;
  collective.ordinal = peer < 0 ? next_ordinal_++ : next_message_[{op, peer}]++;
  collective.bytes = payload.nbytes();
  collective.eval = log_.eval();
  return collective;
}

void GroupDecorator::wait_for_turn() {
  if (options_.window == Window::none) return;
  std::unique_lock lock(mutex_);
  turn_.wait(lock, [&] { return poisoned_ || finished_ == handed_over_; });
  if (poisoned_) throw GroupBroken("refused: an earlier collective failed: " + reason_);
}

void GroupDecorator::enqueue_exit(const Collective& collective, Stream stream) {
  mx::scheduler::enqueue(stream, [this, collective, stream] {
    const std::exception_ptr error = options_.exit_task == ExitTask::asks ? take_error(stream) : nullptr;
    if (!error) return finish(collective, nullptr);
    const std::string text = text_of(error);
    finish(collective, &text);
    std::rethrow_exception(error);
  });
}

void GroupDecorator::finish(const Collective& collective, const std::string* failure) {
  if (failure) {
    log_.fail(collective, *failure);
    poison(*failure);
  } else {
    log_.leave(collective);
  }
  {
    std::lock_guard lock(mutex_);
    finished_ += 1;
  }
  turn_.notify_all();
}

mx::Stream GroupDecorator::communication_stream(mx::StreamOrDevice s) { return inner_->communication_stream(s); }
int GroupDecorator::rank() { return inner_->rank(); }
int GroupDecorator::size() { return inner_->size(); }

std::shared_ptr<mx::distributed::detail::GroupImpl> GroupDecorator::split(int color, int key) {
  return inner_->split(color, key);
}

void GroupDecorator::all_sum(const Array& input, Array& output, Stream stream) {
  hand_over(Op::all_sum, input, -1, stream, [&] { inner_->all_sum(input, output, stream); });
}

void GroupDecorator::all_gather(const Array& input, Array& output, Stream stream) {
  hand_over(Op::all_gather, input, -1, stream, [&] { inner_->all_gather(input, output, stream); });
}

void GroupDecorator::send(const Array& input, int dst, Stream stream) {
  hand_over(Op::send, input, dst, stream, [&] { inner_->send(input, dst, stream); });
}

void GroupDecorator::recv(Array& out, int src, Stream stream) {
  hand_over(Op::recv, out, src, stream, [&] { inner_->recv(out, src, stream); });
}

void GroupDecorator::all_max(const Array& input, Array& output, Stream stream) {
  hand_over(Op::all_max, input, -1, stream, [&] { inner_->all_max(input, output, stream); });
}

void GroupDecorator::all_min(const Array& input, Array& output, Stream stream) {
  hand_over(Op::all_min, input, -1, stream, [&] { inner_->all_min(input, output, stream); });
}

void GroupDecorator::sum_scatter(const Array& input, Array& output, Stream stream) {
  hand_over(Op::sum_scatter, input, -1, stream, [&] { inner_->sum_scatter(input, output, stream); });
}

}  // namespace rankscope
