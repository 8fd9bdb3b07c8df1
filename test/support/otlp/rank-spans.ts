import { type OtlpMessage, otlpType } from './otlp-types.ts';

export interface RankSpansOptions {
  readonly batches: number;
  readonly spansPerBatch: number;
  readonly spansPerTrace: number;
  readonly ranks: number;
  /** Nanoseconds since the epoch at which the first span starts. */
  readonly startNs: bigint;
  /** Number of the first trace, so that several makes have nothing in common. */
  readonly traceFrom?: number;
}

/** One span as it was sent, for whoever looks for it afterwards. */
export interface SentSpan {
  readonly rank: number;
  readonly startUs: number;
  readonly endUs: number;
}

export interface RankSpans {
  /** ExportTraceServiceRequests in protobuf, each of one rank. */
  readonly requests: readonly Buffer[];
  readonly sent: readonly SentSpan[];
}

const text = (value: string): Buffer => Buffer.from(value);
const say = (key: string, value: string | number): OtlpMessage => ({
  key: text(key),
  value: typeof value === 'string' ? { stringValue: text(value) } : { intValue: value },
});

/** Phases of a decoding rank, each with the collective it waits in: what an inference runtime sends all day. */
const phases = ['decode_barrier', 'decode_stream'] as const;

/** Requests full of spans of ranks, 6 attributes each, no two alike in rank and time. */
export function makeRankSpans(options: RankSpansOptions): RankSpans {
  const { batches, spansPerBatch, spansPerTrace, ranks, startNs, traceFrom = 0 } = options;
  const type = otlpType('ExportTraceServiceRequest');
  const sent: SentSpan[] = [];
  const requests = Array.from({ length: batches }, (_, batch) => {
    const rank = batch % ranks;
    const spans = Array.from({ length: spansPerBatch }, (_, i) => {
      const n = batch * spansPerBatch + i;
      const start = startNs + BigInt(n) * 20_000n;
      const end = start + 15_000n;
      sent.push({ rank, startUs: Number(start / 1000n), endUs: Number(end / 1000n) });
      return spanOf({ n, start, end, trace: traceFrom + Math.floor(n / spansPerTrace) });
    });
    return type.encode({
      resourceSpans: [{ resource: { attributes: resourceOf(rank, ranks) }, scopeSpans: [{ spans }] }],
    });
  });
  return { requests, sent };
}

function resourceOf(rank: number, ranks: number): OtlpMessage[] {
  return [
    say('service.name', 'some-runtime'),
    say('service.instance.id', `process-${rank}`),
    say('host.name', `host-${rank}`),
    say('rankscope.rank', rank),
    say('rankscope.world_size', ranks),
    say('rankscope.instance.id', 'bench'),
    say('rankscope.model.id', 'bench-model'),
  ];
}

function spanOf({ n, start, end, trace }: { n: number; start: bigint; end: bigint; trace: number }): OtlpMessage {
  const phase = phases[n % 2] ?? 'idle';
  const traceId = Buffer.alloc(16, 0x5a);
  traceId.writeUInt32BE(trace + 1, 12);
  const spanId = Buffer.alloc(8, 0x01);
  spanId.writeUInt32BE(n + 1, 4);
  return {
    traceId,
    spanId,
    name: text(phase),
    kind: 1,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(end),
    attributes: [
      say('rankscope.phase', phase),
      say('rankscope.op', 'all_sum'),
      say('rankscope.group', 0),
      say('rankscope.barrier.seq', n),
      say('rankscope.layer', n % 30),
      say('rankscope.bytes', 4096),
    ],
  };
}
