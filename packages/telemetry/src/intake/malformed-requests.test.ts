import { entryAt } from '@rankscope/schema';
import { describe, expect, test } from 'vitest';
import { defaultTraceId, nowNs, traceRequest } from '../../../../test/support/otlp/otlp-request.ts';
import { damage, Random } from '../../../../test/support/otlp/random-otlp.ts';
import { openReader } from '../../../../test/support/otlp/take-request.ts';
import { OtlpError } from './otlp-error.ts';
import type { OtlpEncoding } from './otlp-reader.ts';

describe('requests that are malformed', () => {
  const refuse = (bytes: Uint8Array, encoding: OtlpEncoding, reader = openReader()): OtlpError => {
    let thrown: unknown;
    try {
      reader.read('traces', bytes, encoding);
    } catch (error) {
      thrown = error;
    }
    if (!(thrown instanceof OtlpError)) throw new Error(`was not refused: ${String(thrown)}`);
    return thrown;
  };

  test('the field and the byte are named', () => {
    const { protobuf } = traceRequest([{}]);
    const cut = refuse(protobuf.subarray(0, protobuf.length - 3), 'protobuf');
    expect(cut.message).toMatch(/^resource_spans\[0\], byte 1: a length of \d+, but \d+ bytes are left$/);
    const odd = Buffer.from('0a060a040a020a05', 'hex');
    expect(refuse(odd, 'protobuf').message).toBe(
      'resource_spans[0].resource.attributes[0], byte 7: a length of 5, but 0 bytes are left',
    );
  });

  test.each([
    [
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"soon"}]}]}]}',
      'resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano: a whole number from 0 to 2^64 − 1 is wanted, this is "soon"',
    ],
    [
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}',
      'resourceSpans[0].scopeSpans[0].spans[0].traceId: hex digits are wanted, this is "xyz"',
    ],
    ['{"resourceSpans":{}}', 'resourceSpans: a list is wanted, this is an object'],
    ['[]', 'the request, byte 0: an object is wanted, this is a list'],
    [`{"resourceSpans":${'['.repeat(200)}`, 'the request, byte 144: more than 128 objects and lists within each other'],
  ])('JSON %.60s', (text, message) => {
    expect(refuse(Buffer.from(text), 'json').message).toBe(message);
  });

  test('nothing of a request that breaks off is taken, and it may be sent again', () => {
    const reader = openReader();
    const { protobuf } = traceRequest([{ spanId: '00000000000000b1' }]);
    const broken = Buffer.concat([protobuf, Buffer.from('0a05', 'hex')]);
    refuse(broken, 'protobuf', reader);
    expect(reader.rows).toBe(0);
    const { tally } = reader.read('traces', protobuf, 'protobuf');
    expect(tally).toMatchObject({ shown: 1, repeated: 0 });
  });

  test('an end that came in a broken request has not come', () => {
    const reader = openReader();
    const span = { spanId: '00000000000000b2', endNs: 0n };
    reader.read('traces', traceRequest([span]).protobuf, 'protobuf');
    const end = traceRequest([{ ...span, endNs: nowNs }]).protobuf;
    refuse(Buffer.concat([end, Buffer.from('0a05', 'hex')]), 'protobuf', reader);
    expect(reader.read('traces', end, 'protobuf').tally).toMatchObject({ shown: 1, repeated: 0 });
  });

  test('JSON that is damaged anywhere is read or refused, and nothing else happens', () => {
    const reader = openReader();
    const random = new Random(7);
    const whole = traceRequest([
      { attributes: { 'rankscope.layer': 3, 'rankscope.detail': 'é "x"', other: ['a'] } },
      {
        endNs: 0n,
        status: { code: 2, message: 'late' },
        links: [{ traceId: defaultTraceId, spanId: '00000000000000b3' }],
      },
    ]).json;
    let refused = 0;
    for (let n = 0; n < 3_000; n += 1) {
      try {
        reader.read('traces', damage(whole, random), 'json');
      } catch (error) {
        expect(error).toBeInstanceOf(OtlpError);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(1_000);
    expect(refused).toBeLessThan(3_000);
    const batch = reader.take();
    for (let row = 0; row < batch.rows; row += 1) expect(entryAt(batch, row).phase).not.toBe('');
  });
});
