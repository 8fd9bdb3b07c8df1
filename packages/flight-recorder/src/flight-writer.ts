import type { Attrs, CollectiveOp, ElementType, FlightEvent, FlightKind, RunnerPhase } from '@rankscope/schema';

/** Sizes in bytes; null where this MLX has no such getter. */
export interface MlxMemoryBytes {
  readonly active: number | null;
  readonly cache: number | null;
  readonly peak: number | null;
  readonly wiredLimit: number | null;
  readonly source: string;
}

/** One entry, as its writer gives it. What is left out is "none". */
export interface FlightRecord {
  readonly phase: RunnerPhase;
  readonly kind: FlightKind;
  readonly event: FlightEvent;
  /**
   * Site or message. Up to 32 bytes of UTF-8 cost nothing; what is longer is kept whole in the string table, up to 4096
   * bytes. What finds no room there is cut and marked.
   */
  readonly detail?: string;
  /** Also kept in the rare ring, which traffic cannot push out. */
  readonly rare?: boolean;
  readonly a?: number;
  readonly b?: number;
  readonly op?: CollectiveOp;
  readonly dtype?: ElementType;
  readonly group?: number;
  readonly barrierSeq?: number;
  readonly layer?: number;
  readonly peer?: number;
  readonly pointToPoint?: boolean;
  /** Which now-cell the entry belongs to: 0 task loop, 1 engine, 2 parser. */
  readonly cell?: number;
  readonly memory?: MlxMemoryBytes;
  /** Facts that have no field of their own, at most 4096 bytes of them as JSON. For what is rare: they stand in the table. */
  readonly attrs?: Readonly<Attrs>;
}

/** What stands in a now-cell while somebody is inside. */
export interface NowState {
  readonly phase: RunnerPhase;
  readonly site?: string;
  readonly op?: CollectiveOp;
  readonly group?: number;
  readonly ordinal?: number;
  readonly layer?: number;
  readonly peer?: number;
  /** CLOCK_MONOTONIC nanoseconds since when; now when left out. */
  readonly enteredAtNs?: bigint;
}

/** Who a ring file belongs to. */
export interface RingIdentity {
  readonly runnerId: string;
  readonly nodeId: string;
  readonly instanceId: string;
  readonly modelId: string;
  readonly rank: number;
  readonly worldSize: number;
  readonly attempt: number;
  /** UUID of the machine's boot. */
  readonly bootId: string;
}

/** Slots per ring, powers of two; and bytes for what fits no slot. */
export interface RingSizes {
  readonly rareCount: number;
  readonly memoryCount: number;
  readonly mainCount: number;
  /** Of the string table: 0 for none, or a multiple of 8 from 128. 256 KiB when left out. */
  readonly stringsBytes?: number;
}

/**
 * Writes one ring file. Both implementations (TypeScript here, C++ behind the native core) pass one contract suite.
 *
 * `record` returns only when the kernel has the bytes: a rank that hangs in the next call never gives its event loop
 * another turn, and the record before a hang is the one that matters.
 */
export interface FlightWriter {
  readonly path: string;
  record(entry: FlightRecord): void;
  /** Sets a now-cell; null empties it. */
  now(cell: number, state: NowState | null): void;
  /** Stamped on every later entry and cell until changed; null for none. */
  setTask(ids: { readonly taskId: string; readonly commandId: string } | null): void;
  /** The memory gauges in the header. */
  memory(bytes: MlxMemoryBytes): void;
  /** The task loop still turns. */
  loopBeat(): void;
  /** Says that the end was wanted. */
  close(exitCode: number): void;
}
