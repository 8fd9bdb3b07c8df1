/** Where everything lies in a ring file. FORMAT.md explains it; native/recorder/ring_layout.h says the same in C++. */
export const ringMagic = 'RANKRING';
export const ringVersion = 1;
export const byteOrderMark = 0x01020304;
export const headerBytes = 4096;
export const slotBytes = 128;
/** 2 GiB of slots; more is a mistake. */
export const maxSlotCount = 2 ** 24;

export const headerAt = {
  magic: 0,
  version: 8,
  byteOrder: 12,
  headerBytes: 16,
  slotBytes: 20,
  rareCount: 24,
  mainCount: 28,
  memoryCount: 32,
  rareOffset: 40,
  memoryOffset: 48,
  mainOffset: 56,
  stringsOffset: 64,
  stringsBytes: 72,
  fileBytes: 80,
  pid: 88,
  attempt: 92,
  rank: 96,
  worldSize: 100,
  anchorMono: 104,
  anchorWall: 112,
  bootId: 128,
  /** Everything before this never changes once the file is there. */
  mainHead: 576,
  rareHead: 640,
  memoryHead: 704,
  heartbeat: 768,
  loop: 776,
  exitCode: 784,
  exitFlags: 788,
  gauges: 832,
  cells: 1024,
} as const;

export const headerTexts = {
  runnerId: { offset: 160, bytes: 96 },
  nodeId: { offset: 256, bytes: 96 },
  instanceId: { offset: 352, bytes: 96 },
  modelId: { offset: 448, bytes: 128 },
} as const;

export const headBytes = 64;
export const cellBytes = 128;
export const cellCount = 16;
export const closedByOwner = 1;

export const slotAt = {
  seq: 0,
  time: 8,
  barrierSeq: 16,
  a: 24,
  b: 32,
  command: 40,
  task: 56,
  phase: 72,
  kind: 73,
  op: 74,
  flags: 75,
  event: 76,
  group: 78,
  layer: 80,
  cell: 82,
  dtype: 83,
  peer: 84,
  text: 88,
  seq2: 120,
  /** Of a memory slot, in place of the command. */
  peak: 40,
  wiredLimit: 48,
} as const;

export const cellAt = {
  lock: 0,
  enteredAt: 8,
  deadline: 16,
  ordinal: 24,
  phase: 32,
  op: 33,
  flags: 34,
  dtype: 35,
  group: 36,
  layer: 38,
  peer: 40,
  command: 48,
  task: 64,
  site: 80,
} as const;

export const gaugeAt = {
  lock: 0,
  time: 8,
  active: 16,
  cache: 24,
  peak: 32,
  wiredLimit: 40,
  source: 48,
  bytes: 128,
} as const;

export const textBytes = 32;

/** The string table: a head of one cache line, then records of u32 length, u32 CRC-32 and bytes, padded to whole words. */
export const stringsAt = {
  used: 0,
  lost: 8,
  records: 64,
  /** Bytes of a record before its own. */
  recordHead: 8,
  /** Places are counted in so many bytes. */
  unit: 8,
  /** Bit of a record's length: its text was longer. */
  cutLength: 2 ** 31,
  /** The longest text and the longest attributes that are kept whole: a stack trace, and not a response body. */
  maxTextBytes: 4096,
  maxAttrsBytes: 4096,
  maxRecordBytes: 4096 + 1 + 4096,
  /** Of a table. 64 MiB of texts is a mistake. */
  minBytes: 128,
  maxBytes: 2 ** 26,
} as const;

/** What a slot that points to a record has left for its text; then a NUL, and the record's place. */
export const placedTextBytes = 27;
export const placeAt = 28;

/** A writer that does not map the file puts its heads on disk once in so many entries; readers look that far ahead. */
export const headEvery = 64;

export const writtenSeq = (number: number): number => 2 * number + 2;
export const numberOfSeq = (seq: number): number => Math.floor((seq - 1) / 2);
