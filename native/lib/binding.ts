/**
 * What the addon exports, as it is in C++: positional, numbers for codes (see flight_codes.h). Nobody but `native/lib`
 * calls it. At the border a missing value is null, never undefined.
 */
export interface Binding {
  /** Answers while the engine is stuck. */
  info(): NativeInfo;
  /** The process's MLX memory. Answers while the engine is stuck. */
  memory(): MlxMemory;
  openRecorder(options: RecorderOptions): NativeRecorder;
  Engine: new (options: EngineOptions) => NativeEngine;
}

export interface NativeInfo {
  readonly mlxVersion: string;
  readonly mlxCompiled: string;
  /** 'openblas' when the addon's own shim shadows the wheel's reference BLAS, 'own' when MLX uses what it came with. */
  readonly blas: string;
  readonly backends: readonly string[];
}

/** Sizes in bytes; null where this MLX has no such getter. Never `undefined`, so an absent field is a bug. */
export interface MlxMemory {
  readonly active: number | null;
  readonly cache: number | null;
  readonly peak: number | null;
  readonly wiredLimit: number | null;
}

export interface RecorderOptions {
  readonly path: string;
  readonly runnerId: string;
  readonly nodeId: string;
  readonly instanceId: string;
  readonly modelId: string;
  readonly bootId: string;
  readonly rank: number;
  readonly worldSize: number;
  readonly attempt: number;
  readonly rareCount: number;
  readonly memoryCount: number;
  readonly mainCount: number;
  /** Of the string table: 0 for none, or a multiple of 8 from 128. */
  readonly stringsBytes: number;
}

export interface NativeRecorder {
  /** All numbers; −1 for none in barrierSeq, layer and peer. Positional, because objects would cost more than the slot. */
  record(
    phase: number,
    kind: number,
    event: number,
    cell: number,
    flags: number,
    layer: number,
    op: number,
    dtype: number,
    group: number,
    peer: number,
    barrierSeq: number,
    a: number,
    b: number,
    text: string | null,
  ): void;
  /** Like record, with attributes as a JSON object. A method of its own, so that an entry without them pays for nothing. */
  recordWithAttrs(
    phase: number,
    kind: number,
    event: number,
    cell: number,
    flags: number,
    layer: number,
    op: number,
    dtype: number,
    group: number,
    peer: number,
    barrierSeq: number,
    a: number,
    b: number,
    text: string | null,
    attrs: string | null,
  ): void;
  /** Like record, with a memory snapshot taken now from MLX's getters. */
  recordWithMemory(
    phase: number,
    kind: number,
    event: number,
    cell: number,
    flags: number,
    a: number,
    b: number,
    text: string | null,
    attrs: string | null,
  ): void;
  /** phase 0 empties the cell; enteredAtNs 0n: now. */
  now(
    cell: number,
    phase: number,
    op: number,
    group: number,
    layer: number,
    peer: number,
    ordinal: number,
    enteredAtNs: bigint,
    site: string | null,
  ): void;
  /** 16 bytes each, or null for none. */
  setTask(command: Uint8Array | null, task: Uint8Array | null): void;
  /** Null: read MLX's own getters. */
  memory(
    active: number | null,
    cache: number | null,
    peak: number | null,
    wiredLimit: number | null,
    source: string | null,
  ): void;
  loopBeat(): void;
  close(exitCode: number): void;
}

export interface EngineOptions {
  readonly recorder: NativeRecorder;
  readonly rank: number;
  readonly worldSize: number;
  /** 'none' for a single rank, 'ring' otherwise. */
  readonly backend: 'none' | 'ring';
  /** One host:port per rank. Written to a hostfile for MLX's ring; empty for 'none'. */
  readonly hosts: readonly string[];
  readonly injectAllowed: boolean;
  /** The watchdog thread's deadlines; when one passes it records, aborts the sockets, waits 1 s, and ends the process. */
  readonly connectMs: number;
  readonly collectiveMs: number;
  /** Exit codes of the watchdog's `_exit`. */
  readonly exitOnCollectiveDeadline: number;
  readonly exitOnConnectDeadline: number;
}

export type NativePlan = 'single' | 'pipeline' | 'tensor';

export interface LoadOptions {
  readonly dir: string;
  readonly plan: NativePlan;
  /** Largest context to serve; null: the model's own. */
  readonly maxContext: number | null;
}

export interface LoadedModel {
  readonly architecture: string;
  readonly nLayers: number;
  readonly startLayer: number;
  readonly endLayer: number;
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly eosTokenIds: readonly number[];
  readonly weightBytes: number;
}

export interface GenerateOptions {
  /** The prompt's token ids. */
  readonly tokens: Int32Array;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly seed: number;
  /** Tokens per prefill chunk. */
  readonly prefillChunk: number;
  /** Generation ends after one of these; usually the model's own. */
  readonly eosTokenIds: Int32Array;
  /** Keep the prompt's last-token logits and give them in the result (tests). */
  readonly wantLogits: boolean;
}

export interface GenerateResult {
  readonly finishReason: 'stop' | 'length' | 'cancelled';
  /** The same on every rank. Ends before eos. */
  readonly tokens: Int32Array;
  readonly promptTokens: number;
  /** Prompt tokens whose keys and values were still there from the last request. */
  readonly cachedTokens: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
  /** Only when asked for, and only on ranks that have them. */
  readonly logits: Float32Array | null;
}

/** One socket of the ring; numbers are −1 where the system does not tell. */
export interface LinkState {
  readonly fd: number;
  readonly local: string;
  readonly remote: string;
  readonly rttUs: number;
  readonly unsentBytes: number;
  readonly unreadBytes: number;
  readonly lastReceiveMsAgo: number;
}

/**
 * One per process, and one call at a time: a second one rejects instead of waiting. Wrong arguments throw at once, what
 * the engine says comes as a rejection. After a collective failed every call rejects.
 */
export interface NativeEngine {
  joinGroup(): Promise<{ rank: number; worldSize: number }>;
  load(options: LoadOptions, onLayer: (done: number, total: number) => void): Promise<LoadedModel>;
  /** One short forward and decode of throw-away tokens, so that the first request pays for nothing. */
  warmup(): Promise<void>;
  /**
   * All-gather of equal-sized byte strings: what the ranks agree by. Rank order. The collective carries the given phase;
   * entering and leaving that phase is the caller's to record.
   */
  gather(phase: number, bytes: Uint8Array): Promise<Uint8Array[]>;
  /** `onToken` is called on every rank with the agreed token; it must not throw. */
  generate(options: GenerateOptions, onToken: (token: number, index: number) => void): Promise<GenerateResult>;
  /** Asks that the running generation end; all ranks agree on the step in which it does. Any thread, any time. */
  cancel(): void;
  /** Breaks a stuck collective by shutting the ring's sockets down; the running call rejects with PeerLostError. */
  abort(reason: string): void;
  /** kind: 1 hang, 2 delay, 3 error (throws), 0 release. phase 0: any. */
  inject(kind: number, phase: number, after: number, delayMs: number): void;
  links(): LinkState[];
  dropCaches(): Promise<void>;
  /** Refused while a call runs; ends the engine thread. The ring's sockets close with the process. */
  close(): Promise<void>;
}
