#include "collective_log.h"

namespace rankscope {
namespace {

bool is_point_to_point(Op op) { return op == Op::send || op == Op::recv; }

}  // namespace

const char* name_of(Op op) {
  switch (op) {
    case Op::none: return "none";
    case Op::all_sum: return "all_sum";
    case Op::all_gather: return "all_gather";
    case Op::send: return "send";
    case Op::recv: return "recv";
    case Op::all_max: return "all_max";
    case Op::all_min: return "all_min";
    case Op::sum_scatter: return "sum_scatter";
    case Op::init: return "init";
  }
  return "unknown";
}

int16_t CollectiveLog::next_layer() {
  if (layers_.empty()) return -1;
  const int16_t layer = layers_.front();
  layers_.pop_front();
  return layer;
}

uint64_t CollectiveLog::eval() {
  if (!counted_) eval_ += 1;
  counted_ = true;
  return eval_;
}

void CollectiveLog::enter(const Collective& collective) noexcept {
  record(collective, Kind::enter, Event::collective_enter, {});
  show(collective);
}

void CollectiveLog::leave(const Collective& collective) noexcept {
  close();
  record(collective, Kind::exit, Event::collective_exit, {});
}

void CollectiveLog::fail(const Collective& collective, std::string_view reason) noexcept {
  close();
  record(collective, Kind::exit, Event::collective_failed, reason);
}

void CollectiveLog::failed_unseen(const Collective& collective, std::string_view reason) noexcept {
  record(collective, Kind::mark, Event::collective_failed, reason);
}

void CollectiveLog::open(Op op) noexcept {
  Collective collective;
  collective.op = op;
  show(collective);
}

void CollectiveLog::close() noexcept {
  deadline_.store(0, std::memory_order_release);
  recorder_.now(cell::engine, NowState{});
}

std::optional<OpenCollective> CollectiveLog::opened() const noexcept {
  const uint64_t deadline = deadline_.load(std::memory_order_acquire);
  if (deadline == 0) return std::nullopt;
  return OpenCollective{op_.load(), ordinal_.load(), layer_.load(), deadline};
}

void CollectiveLog::record(const Collective& collective, Kind kind, Event event, std::string_view text) noexcept {
  Entry entry;
  entry.phase = phase();
  entry.kind = kind;
  entry.event = event;
  entry.barrier_seq = collective.ordinal;
  entry.a = collective.bytes;
  entry.b = collective.eval;
  entry.op = collective.op;
  entry.flags = is_point_to_point(collective.op) ? flag::point_to_point : 0;
  if (event == Event::collective_failed) entry.flags |= flag::rare;
  entry.group = collective.group;
  entry.layer = collective.layer;
  entry.cell = cell::engine;
  entry.dtype = collective.dtype;
  entry.peer = collective.peer;
  entry.text = text;
  recorder_.record(entry);
}

void CollectiveLog::show(const Collective& collective) noexcept {
  const uint64_t now = monotonic_ns();
  const uint64_t limit = limit_ns_.load(std::memory_order_relaxed);
  NowState state;
  state.phase = phase();
  state.op = collective.op;
  state.flags = is_point_to_point(collective.op) ? flag::point_to_point : 0;
  state.dtype = collective.dtype;
  state.group = collective.group;
  state.layer = collective.layer;
  state.peer = collective.peer;
  state.ordinal = collective.ordinal;
  state.entered_at = now;
  state.deadline = limit == 0 ? 0 : now + limit;
  state.site = name_of(collective.op);
  recorder_.now(cell::engine, state);
  op_ = collective.op;
  ordinal_ = collective.ordinal;
  layer_ = collective.layer;
  deadline_.store(state.deadline, std::memory_order_release);
}

}  // namespace rankscope
