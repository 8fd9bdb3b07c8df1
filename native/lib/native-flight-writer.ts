import type { NativeRecorder } from './binding.ts';

/** The small numbers of a recorder slot by name. Handed in, because the native core's side holds no copy of the tables. */
export interface FlightCodeTables {
  readonly phases: Readonly<Record<string, number>>;
  readonly kinds: Readonly<Record<string, number>>;
  readonly events: Readonly<Record<string, number>>;
  readonly ops: Readonly<Record<string, number>>;
  readonly dtypes: Readonly<Record<string, number>>;
  readonly rareFlag: number;
  readonly pointToPointFlag: number;
}

export interface MemorySizes {
  readonly active: number | null;
  readonly cache: number | null;
  readonly peak: number | null;
  readonly wiredLimit: number | null;
  readonly source: string;
}

export interface NativeFlightRecord {
  readonly phase: string;
  readonly kind: string;
  readonly event: string;
  readonly detail?: string;
  readonly rare?: boolean;
  readonly a?: number;
  readonly b?: number;
  readonly op?: string;
  readonly dtype?: string;
  readonly group?: number;
  readonly barrierSeq?: number;
  readonly layer?: number;
  readonly peer?: number;
  readonly pointToPoint?: boolean;
  readonly cell?: number;
  readonly memory?: MemorySizes;
  readonly attrs?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

export interface NativeNowState {
  readonly phase: string;
  readonly site?: string;
  readonly op?: string;
  readonly group?: number;
  readonly ordinal?: number;
  readonly layer?: number;
  readonly peer?: number;
  readonly enteredAtNs?: bigint;
}

/** In shape the flight recorder's `FlightWriter`. */
export interface NativeFlightWriter {
  readonly path: string;
  record(entry: NativeFlightRecord): void;
  now(cell: number, state: NativeNowState | null): void;
  setTask(ids: { readonly taskId: string; readonly commandId: string } | null): void;
  memory(bytes: MemorySizes): void;
  loopBeat(): void;
  close(exitCode: number): void;
}

const none = -1;
const uuidPattern = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/**
 * Records through the native core, which owns the file.
 *
 * An entry with memory gets MLX's sizes of that moment, taken by the native core: the ones it brings are as old as the
 * call that fetched them.
 */
export function createNativeFlightWriter(
  recorder: NativeRecorder,
  path: string,
  codes: FlightCodeTables,
): NativeFlightWriter {
  let closed = false;
  /** Apart from `record`: one function for both is too long for V8 to inline what it calls, and costs every entry 150 ns. */
  const recordWithAttrs = (entry: NativeFlightRecord, flags: number): void => {
    recorder.recordWithAttrs(
      codeOf(codes.phases, entry.phase, 'phase'),
      codeOf(codes.kinds, entry.kind, 'kind'),
      codeOf(codes.events, entry.event, 'event'),
      entry.cell ?? 0,
      flags,
      entry.layer ?? none,
      entry.op === undefined ? 0 : codeOf(codes.ops, entry.op, 'op'),
      entry.dtype === undefined ? 0 : codeOf(codes.dtypes, entry.dtype, 'dtype'),
      entry.group ?? 0,
      entry.peer ?? none,
      entry.barrierSeq ?? none,
      entry.a ?? 0,
      entry.b ?? 0,
      entry.detail ?? null,
      attrsText(entry.attrs),
    );
  };
  return {
    path,
    record(entry) {
      const phase = codeOf(codes.phases, entry.phase, 'phase');
      const kind = codeOf(codes.kinds, entry.kind, 'kind');
      const event = codeOf(codes.events, entry.event, 'event');
      const { cell = 0, a = 0, b = 0, detail = null } = entry;
      const flags =
        (entry.rare === true ? codes.rareFlag : 0) | (entry.pointToPoint === true ? codes.pointToPointFlag : 0);
      if (entry.memory !== undefined) {
        recorder.recordWithMemory(phase, kind, event, cell, flags, a, b, detail, attrsText(entry.attrs));
        return;
      }
      if (entry.attrs !== undefined) {
        recordWithAttrs(entry, flags);
        return;
      }
      recorder.record(
        phase,
        kind,
        event,
        cell,
        flags,
        entry.layer ?? none,
        entry.op === undefined ? 0 : codeOf(codes.ops, entry.op, 'op'),
        entry.dtype === undefined ? 0 : codeOf(codes.dtypes, entry.dtype, 'dtype'),
        entry.group ?? 0,
        entry.peer ?? none,
        entry.barrierSeq ?? none,
        a,
        b,
        detail,
      );
    },
    now(cell, state) {
      if (state === null) {
        recorder.now(cell, 0, 0, 0, none, none, none, 0n, null);
        return;
      }
      recorder.now(
        cell,
        codeOf(codes.phases, state.phase, 'phase'),
        state.op === undefined ? 0 : codeOf(codes.ops, state.op, 'op'),
        state.group ?? 0,
        state.layer ?? none,
        state.peer ?? none,
        state.ordinal ?? none,
        state.enteredAtNs ?? 0n,
        state.site ?? null,
      );
    },
    setTask(ids) {
      if (ids === null) recorder.setTask(null, null);
      else recorder.setTask(uuidBytes(ids.commandId, 'commandId'), uuidBytes(ids.taskId, 'taskId'));
    },
    memory: (bytes) => recorder.memory(bytes.active, bytes.cache, bytes.peak, bytes.wiredLimit, bytes.source),
    loopBeat: () => recorder.loopBeat(),
    close(exitCode) {
      if (closed) return;
      closed = true;
      recorder.close(exitCode);
    },
  };
}

/** As they stand in the file; null where there are none. */
function attrsText(attrs: NativeFlightRecord['attrs']): string | null {
  const text = JSON.stringify(attrs ?? {});
  return text === '{}' ? null : text;
}

function codeOf(table: Readonly<Record<string, number>>, name: string, field: string): number {
  const code = table[name];
  if (code === undefined) throw new RangeError(`${field} must be one of the recorder's names, not '${name}'`);
  return code;
}

function uuidBytes(uuid: string, field: string): Uint8Array {
  if (!uuidPattern.test(uuid)) throw new RangeError(`${field} must be a UUID, not '${uuid.slice(0, 64)}'`);
  return Uint8Array.from({ length: 16 }, (_, i) =>
    Number.parseInt(uuid.replaceAll('-', '').slice(2 * i, 2 * i + 2), 16),
  );
}
