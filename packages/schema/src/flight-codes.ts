/**
 * The small numbers that stand in a recorder slot, and their names. Both writers (C++ and TypeScript) and the reader
 * use them; `native/recorder/flight_codes.h` says the same in C++ and a house test holds the two against each other.
 * A number is never reused. A reader that meets one it does not know keeps the entry and shows `event_<n>` or `op_<n>`.
 */
export const flightKinds = { enter: 1, exit: 2, mark: 3, memory: 4 } as const;
export type FlightKind = keyof typeof flightKinds;

/** Short event names within a phase. */
export const flightEvents = {
  enter: 1,
  exit: 2,
  error: 3,
  exception: 4,
  cancel_observed: 5,
  progress: 6,
  collective_enter: 7,
  collective_exit: 8,
  collective_failed: 9,
  task_begin: 10,
  task_end: 11,
  status: 12,
  fault_injected: 13,
  fault_released: 14,
  deadline_passed: 15,
  aborted: 16,
  memory: 17,
  process_started: 18,
  process_exited: 19,
  process_died: 20,
  process_stalled: 21,
  process_resumed: 22,
  channel_closed: 23,
  cache_hit: 24,
  cache_miss: 25,
} as const;
export type FlightEvent = keyof typeof flightEvents;

export const collectiveOps = {
  all_sum: 1,
  all_gather: 2,
  send: 3,
  recv: 4,
  all_max: 5,
  all_min: 6,
  sum_scatter: 7,
  init: 8,
} as const;
export type CollectiveOp = keyof typeof collectiveOps;

/** MLX element types, by MLX's own names. */
export const elementTypes = {
  bool: 1,
  uint8: 2,
  uint16: 3,
  uint32: 4,
  uint64: 5,
  int8: 6,
  int16: 7,
  int32: 8,
  int64: 9,
  float16: 10,
  float32: 11,
  float64: 12,
  bfloat16: 13,
  complex64: 14,
} as const;
export type ElementType = keyof typeof elementTypes;

/** Bits of a slot's `flags` byte. */
export const slotFlags = {
  /** The memory ring holds a snapshot taken with this entry. */
  hasMemory: 1,
  /** `text` was cut to fit the slot. */
  textCut: 2,
  /** Also in the rare ring. */
  rare: 4,
  /** `barrierSeq` numbers a point-to-point operation of (peer, direction), not a collective of the group. */
  pointToPoint: 8,
  /** The whole text is in the string table; the slot has its beginning, and the record's place behind it. */
  inTable: 16,
  /** The record begins with attributes. */
  hasAttrs: 32,
  /** There were attributes, and no room for them. */
  attrsLost: 64,
} as const;

/** The now-cells that have a fixed meaning; the others are free. */
export const nowCells = { taskLoop: 0, engine: 1, parser: 2 } as const;
