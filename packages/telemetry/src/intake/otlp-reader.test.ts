import type { ClusterTimelineEntry } from '@rankscope/schema';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  defaultTraceId,
  nowNs,
  nowUs,
  type SaidSpan,
  type SaidValue,
  traceRequest,
} from '../../../../test/support/otlp/otlp-request.ts';
import {
  encodings,
  eventsOf,
  openReader,
  type Taken,
  takeRequest,
} from '../../../../test/support/otlp/take-request.ts';
import { attributeNames } from './attribute-names.ts';
import { timeText } from './span-times.ts';

const takeSpans = (spans: readonly SaidSpan[], resource?: Record<string, SaidValue>) =>
  takeRequest(openReader(), traceRequest(spans, resource));

test('a span is where its rank entered the phase and where it left it', () => {
  const { entries, tally } = takeSpans(
    [
      {
        name: 'anything',
        startNs: nowNs - 5_000_123n,
        endNs: nowNs - 1_000n,
        attributes: {
          'rankscope.phase': 'decode_barrier',
          'rankscope.op': 'all_sum',
          'rankscope.barrier.seq': 413,
          'rankscope.group': 0,
          'rankscope.layer': 12,
          'rankscope.bytes': 4096,
          'rankscope.dtype': 'float32',
          'rankscope.task.id': 'task-1',
          'rankscope.mlx.memory.active': 1_000_000,
        },
      },
    ],
    {
      'rankscope.rank': 1,
      'rankscope.world_size': 4,
      'rankscope.node.id': 'node-a',
      'rankscope.runner.id': 'runner-1',
      'rankscope.instance.id': 'instance-1',
      'rankscope.model.id': 'tiny',
    },
  );
  const entry: ClusterTimelineEntry = {
    at: timeText(nowUs - 5_001),
    nodeId: 'node-a',
    runnerId: 'runner-1',
    deviceRank: 1,
    worldSize: 4,
    phase: 'decode_barrier',
    event: 'enter',
    detail: null,
    attrs: { op: 'all_sum', barrierSeq: 413, group: 0, layer: 12, bytes: 4096, dtype: 'float32' },
    taskId: 'task-1',
    commandId: '0193a5c4-0000-7000-8000-0000000000a1',
    mlxMemory: null,
  };
  const at = timeText(nowUs - 1);
  const memory = { generatedAt: at, active: { inBytes: 1_000_000 }, cache: null, peak: null, wiredLimit: null };
  expect(entries).toEqual([entry, { ...entry, at, event: 'exit', mlxMemory: { ...memory, source: 'otlp' } }]);
  expect(tally).toMatchObject({ records: 1, shown: 1, rejected: 0 });
});

describe('whose span it is', () => {
  const sourceOf = (resource: Record<string, SaidValue>, attributes: Record<string, SaidValue> = {}) => {
    const reader = openReader();
    reader.read('traces', traceRequest([{ attributes }], resource).protobuf, 'protobuf');
    return reader.take().sources[0];
  };

  test('what is not said has a default', () => {
    expect(sourceOf({ 'rankscope.rank': 3, 'service.name': 'vllm', 'host.name': 'mac-3' })).toMatchObject({
      nodeId: 'mac-3',
      instanceId: 'vllm',
      modelId: 'unknown',
      deviceRank: 3,
      worldSize: 4,
      attempt: 1,
    });
    expect(sourceOf({ 'rankscope.rank': 0 })).toMatchObject({ nodeId: 'unknown-host', instanceId: 'unknown_service' });
  });

  test('a runner id that is not said is made of service, process and rank, the same every time', () => {
    const process = { 'service.name': 'vllm', 'service.instance.id': 'p1' };
    const made = (more: Record<string, SaidValue>) => sourceOf({ ...process, 'rankscope.rank': 0, ...more })?.runnerId;
    expect(made({})).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(made({})).toBe(made({ 'host.name': 'elsewhere' }));
    const others = [{ 'rankscope.rank': 1 }, { 'service.instance.id': 'p2' }, { 'rankscope.attempt': 2 }];
    expect(new Set([made({}), ...others.map(made)]).size).toBe(4);
  });

  test('what the span says counts before what its resource says', () => {
    const source = sourceOf({ 'rankscope.rank': 0, 'rankscope.model.id': 'a' }, { 'rankscope.rank': 5 });
    expect(source).toMatchObject({ deviceRank: 5, modelId: 'a' });
  });

  test('a rank may come as text, as the environment sets it', () => {
    expect(sourceOf({ 'rankscope.rank': '2', 'rankscope.world_size': '8' })).toMatchObject({
      deviceRank: 2,
      worldSize: 8,
    });
  });

  test('several ranks of one process keep apart', () => {
    const spans = [0, 1, 0, 1].map((rank) => ({ attributes: { 'rankscope.rank': rank } }));
    const { entries } = takeSpans(spans, { 'service.name': 'x' });
    expect(entries.map(({ deviceRank }) => deviceRank)).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
  });

  test.each([
    [{ 'rankscope.rank': -1 }, /rankscope\.rank is -1, it must be a whole number/],
    [{ 'rankscope.rank': 'first' }, /rankscope\.rank is "first"/],
    [{ 'rankscope.rank': true }, /rankscope\.rank is neither a number nor a text/],
    [{ 'rankscope.rank': 2, 'rankscope.world_size': 2 }, /rankscope\.world_size is 2, but the rank is 2/],
    [{ 'rankscope.rank': 0, 'rankscope.node.id': 'n'.repeat(129) }, /longer than 128 characters/],
  ])('%j is rejected with the reason', (resource, reason) => {
    const { tally, message, entries } = takeSpans([{}], resource);
    expect(tally.rejected).toBe(1);
    expect(message).toMatch(reason);
    expect(message).toContain('resource_spans[0].scope_spans[0].spans[0]');
    expect(entries).toEqual([]);
  });
});

describe('what is shown of a span', () => {
  test('a span of no rank is taken and not shown', () => {
    expect(takeSpans([{}], { 'service.name': 'web' }).tally).toMatchObject({ records: 1, notRanks: 1, rejected: 0 });
  });

  test('other work of a rank is taken and not shown, an anchor neither', () => {
    const spans = [{ name: 'GET /' }, { attributes: { 'rankscope.span.state': 'anchor' } }];
    expect(takeSpans(spans).tally).toMatchObject({ records: 2, notPhases: 2, shown: 0 });
  });

  test('a phase that nobody knows is kept by its name, if it is called one', () => {
    expect(eventsOf(takeSpans([{ name: 'x', attributes: { 'rankscope.phase': 'lora_swap' } }]))).toEqual([
      'lora_swap enter',
      'lora_swap exit',
    ]);
  });

  test('a span that failed says why, and its rank goes on', () => {
    const taken = takeSpans([{ status: { code: 2, message: 'out of memory' } }]);
    expect(eventsOf(taken)).toEqual(['decode_stream enter', 'decode_stream error', 'decode_stream exit']);
    expect(taken.entries[1]?.detail).toBe('out of memory');
  });

  test('a rank that was lost in a phase has not left it, and its supervisor says so', () => {
    const attributes = { 'rankscope.span.state': 'lost', 'error.type': 'killed_after_hang' };
    const taken = takeSpans([{ attributes, status: { code: 2, message: 'signal SIGKILL' } }]);
    expect(eventsOf(taken)).toEqual(['decode_stream enter', 'decode_stream error', 'decode_stream process_died']);
    expect(taken.entries[2]).toMatchObject({ detail: 'killed_after_hang', attrs: { source: 'supervisor' } });
    const outer = takeSpans([{ name: 'prefill_stream', attributes: { 'rankscope.span.state': 'lost' } }]);
    expect(eventsOf(outer), 'only the innermost says how').toEqual(['prefill_stream enter']);
  });

  test('the trace is the command, but for what is done for none, and for our own ranks, who say it', () => {
    const commandOf = (span: SaidSpan, more: Record<string, SaidValue> = {}) =>
      takeSpans([span], { 'rankscope.rank': 1, ...more }).entries[0]?.commandId;
    expect(commandOf({})).toBe('0193a5c4-0000-7000-8000-0000000000a1');
    expect(commandOf({ name: 'idle' })).toBeNull();
    expect(commandOf({}, { 'service.name': 'rankscope-runner' })).toBeNull();
    const attributes = { 'rankscope.command.id': 'c-1' };
    expect(commandOf({ attributes }, { 'service.name': 'rankscope-runner' })).toBe('c-1');
  });

  test('a value that is not what its name asks for is left out and counted', () => {
    const { entries, leftOutValues } = takeSpans([
      {
        attributes: {
          'rankscope.layer': 'top',
          'rankscope.bytes': -1,
          'rankscope.group': 2 ** 40,
          'rankscope.op': 'x',
        },
      },
    ]);
    expect(entries[0]?.attrs).toEqual({ op: 'x' });
    expect(leftOutValues).toBe(3);
  });

  test('a runner whose entries come from its own plane is counted and not shown', () => {
    const reader = openReader((runnerId) => runnerId === 'ours');
    const request = traceRequest([{}], { 'rankscope.rank': 0, 'rankscope.runner.id': 'ours' });
    expect(takeRequest(reader, request)).toMatchObject({ tally: { doubles: 1, shown: 0 }, entries: [] });
  });
});

describe('a span that is sent while it is open', () => {
  const spanId = '00000000000000aa';
  const ended = { spanId, startNs: nowNs - 9_000_000n, endNs: nowNs };
  const opens: Record<string, SaidSpan> = {
    'end zero': { ...ended, endNs: 0n },
    "Logfire's pending span, whose parent is the real one": {
      startNs: ended.startNs,
      endNs: ended.startNs,
      parentSpanId: spanId,
      attributes: { 'logfire.span_type': 'pending_span' },
    },
  };

  test.each(Object.keys(opens))('%s: the enter now, the exit later, each once', (name) => {
    const reader = openReader();
    const begun = opens[name] ?? {};
    expect(eventsOf(takeRequest(reader, traceRequest([begun, begun])))).toEqual(['decode_stream enter']);
    expect(eventsOf(takeRequest(reader, traceRequest([begun])))).toEqual([]);
    expect(eventsOf(takeRequest(reader, traceRequest([ended])))).toEqual(['decode_stream exit']);
    const late = takeRequest(reader, traceRequest([begun, ended]));
    expect(late).toMatchObject({ entries: [], tally: { repeated: 2 } });
  });

  test('a marker says where the rank still is, beside what the rank itself did', () => {
    const reader = openReader();
    const marker = (id: number, endNs: bigint): SaidSpan => ({
      name: 'decode_stream (in progress)',
      spanId: `00000000000001${id}0`,
      startNs: ended.startNs,
      endNs,
      attributes: { 'rankscope.span.state': 'in_progress', 'rankscope.op': 'all_sum', 'rankscope.barrier.seq': 47 },
      links: [{ traceId: defaultTraceId, spanId }],
    });
    const first = takeRequest(reader, traceRequest([marker(1, nowNs - 4_000_000n)]));
    expect(eventsOf(first)).toEqual(['decode_stream enter', 'decode_stream phase_open']);
    expect(first.entries.map(({ attrs }) => attrs)).toEqual([
      {},
      { source: 'supervisor', op: 'all_sum', barrierSeq: 47 },
    ]);
    const twice = takeRequest(reader, traceRequest([marker(2, nowNs), marker(2, nowNs)]));
    expect(eventsOf(twice)).toEqual(['decode_stream phase_open']);
    expect(eventsOf(takeRequest(reader, traceRequest([ended])))).toEqual(['decode_stream exit']);
    expect(takeRequest(reader, traceRequest([marker(3, nowNs)])).tally.repeated).toBe(1);
  });

  test('the end beats an open one that comes after it', () => {
    const reader = openReader();
    expect(eventsOf(takeRequest(reader, traceRequest([ended])))).toEqual(['decode_stream enter', 'decode_stream exit']);
    expect(takeRequest(reader, traceRequest([{ ...ended, endNs: 0n }])).entries).toEqual([]);
  });

  test('ranks that make the same ids are not one another', () => {
    const reader = openReader();
    const ofRank = (rank: number) => traceRequest([ended], { 'rankscope.rank': rank, 'service.name': 'x' });
    expect([0, 1].map((rank) => takeRequest(reader, ofRank(rank)).entries.length)).toEqual([2, 2]);
  });
});

describe('spans that cannot be', () => {
  const second = 1_000_000_000n;
  const bad: [string, SaidSpan, RegExp][] = [
    [
      'in 1970',
      { startNs: second, endNs: 2n * second },
      /start_time_unix_nano is 1970-01-01T00:00:01.000000Z, before 2000/,
    ],
    [
      'in 2554',
      { endNs: 2n ** 64n - 1n },
      /end_time_unix_nano is 2554-07-21T23:34:33\.\d{6}Z, more than a day from now/,
    ],
    ['that end before they start', { startNs: nowNs, endNs: nowNs - second }, /, before the start at /],
    ['without a start', { startNs: 0n, endNs: nowNs }, /start_time_unix_nano is 0/],
    ['without a trace id', { traceId: '' }, /trace_id has 0 bytes/],
    ['with a span id of zeros', { spanId: '0'.repeat(16) }, /span_id is all zeros/],
    ['with a phase as long as a page', { attributes: { 'rankscope.phase': 'p'.repeat(65) } }, /longer than 64/],
  ];

  test.each(bad)('%s are rejected by name, and the valid ones beside them are taken', (_, span, reason) => {
    for (const encoding of encodings) {
      const { tally, message, entries } = takeRequest(openReader(), traceRequest([{}, span, {}]), 'traces', encoding);
      expect(tally).toMatchObject({ records: 3, shown: 2, rejected: 1 });
      expect(message).toMatch(reason);
      expect(message).toMatch(/\.spans\[1\]: /);
      expect(entries).toHaveLength(4);
    }
  });

  test('a thousand of them need no thousand sentences', () => {
    const { message, tally } = takeSpans(Array.from({ length: 1000 }, () => ({ startNs: 1n })));
    expect(tally.rejected).toBe(1000);
    expect(message).toMatch(/spans\[4\].*; and 995 more$/);
  });

  test('ten thousand attributes are looked through; beyond the bound a span is rejected', () => {
    const many = (count: number): SaidSpan => ({
      attributes: {
        ...Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, i])),
        'rankscope.phase': 'parser',
      },
    });
    expect(eventsOf(takeSpans([many(10_000)]))).toEqual(['parser enter', 'parser exit']);
    const { message, tally } = takeSpans([many(32_768), {}]);
    expect(tally).toMatchObject({ rejected: 1, shown: 1 });
    expect(message).toContain('32769 attributes, 32768 are the most');
  });

  test('a text without end is cut', () => {
    const { entries } = takeSpans([{ attributes: { 'rankscope.detail': 'é'.repeat(100_000) } }]);
    expect(entries[0]?.detail).toBe(`${'é'.repeat(512)}…`);
  });
});

test('JSON and protobuf say the same, whatever the span', () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean());
  const attribute = fc.oneof(fc.constantFrom<string>(...Object.values(attributeNames)), fc.string());
  const id = (length: number) => fc.oneof({ weight: 9, arbitrary: hex(length) }, fc.constantFrom('', 'ab'));
  const ns = fc.oneof({ weight: 5, arbitrary: fc.bigInt(nowNs - 10n ** 12n, nowNs) }, fc.bigInt(0n, 2n ** 64n - 1n));
  const span = fc.record({
    traceId: id(32),
    spanId: id(16),
    name: fc.constantFrom('idle', 'decode_stream', 'decode_stream (in progress)', 'é'),
    startNs: ns,
    endNs: ns,
    attributes: fc.dictionary(attribute, value, { maxKeys: 6 }),
  });
  const readers = encodings.map((encoding) => ({ encoding, reader: openReader() }));
  fc.assert(
    fc.property(fc.array(span, { maxLength: 6 }), (spans) => {
      const request = traceRequest(spans);
      const [fromProtobuf, fromJson] = readers.map(({ encoding, reader }) =>
        withoutPath(takeRequest(reader, request, 'traces', encoding)),
      );
      expect(fromJson).toEqual(fromProtobuf);
    }),
    { numRuns: 1_000 },
  );
});

test('JSON and protobuf say the same of spans of every kind', () => {
  const spans: SaidSpan[] = [
    { name: 'parser', attributes: { 'rankscope.phase': '' } },
    { attributes: { 'rankscope.layer': 3, 'rankscope.detail': 'é—🙂', 'rankscope.op': '', other: ['a', 'b'] } },
    { name: 'decode_wait_first_token', status: { code: 2, message: 'late' }, endNs: nowNs },
    { endNs: 0n },
    { startNs: 1n },
    {
      links: [{ traceId: defaultTraceId, spanId: '00000000000000c1' }],
      attributes: { 'rankscope.span.state': 'in_progress' },
    },
    { attributes: { 'rankscope.rank': 7, 'rankscope.barrier.seq': 2 ** 53 } },
    { traceId: defaultTraceId.toUpperCase(), attributes: { 'rankscope.bytes': 1.5 } },
  ];
  const request = traceRequest(spans);
  const [fromProtobuf, fromJson] = encodings.map((encoding) =>
    withoutPath(takeRequest(openReader(), request, 'traces', encoding)),
  );
  expect(fromJson).toEqual(fromProtobuf);
  expect(fromProtobuf?.entries.length).toBeGreaterThan(8);
});

/** The two name fields in their own ways. */
const withoutPath = ({ message, ...taken }: Taken) => ({
  ...taken,
  message: message.replaceAll(/resource_?[sS]pans[\w.[\]]+: /g, ''),
});

function hex(length: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
}
