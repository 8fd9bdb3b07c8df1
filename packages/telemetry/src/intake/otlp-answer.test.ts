import { expect, test } from 'vitest';
import { otlpType } from '../../../../test/support/otlp/otlp-types.ts';
import { encodeOtlpAnswer, encodeRpcStatus } from './otlp-answer.ts';

const text = (bytes: unknown) => (bytes as Buffer).toString('utf8');

test('when everything was taken the answer is empty', () => {
  expect(encodeOtlpAnswer('traces', { rejected: 0, message: '' }, 'protobuf')).toHaveLength(0);
  expect(text(encodeOtlpAnswer('logs', { rejected: 0, message: '' }, 'json'))).toBe('{}');
});

test('another decoder reads how many were rejected and why', () => {
  const message = `spans[1]: ${'é'.repeat(300)}`;
  for (const [signal, type, count] of [
    ['traces', 'ExportTraceServiceResponse', 'rejectedSpans'],
    ['logs', 'ExportLogsServiceResponse', 'rejectedLogRecords'],
  ] as const) {
    const rejected = 12_345_678_901;
    const { partialSuccess } = otlpType(type).decode(encodeOtlpAnswer(signal, { rejected, message }, 'protobuf'));
    const partial = partialSuccess as Record<string, unknown>;
    expect([partial[count], text(partial.errorMessage)]).toEqual([BigInt(rejected), message]);
    const json: unknown = JSON.parse(text(encodeOtlpAnswer(signal, { rejected, message }, 'json')));
    expect(json).toEqual({ partialSuccess: { [count]: '12345678901', errorMessage: message } });
  }
});

test('a refusal is a google.rpc.Status', () => {
  const { code, message } = otlpType('RpcStatus').decode(encodeRpcStatus(14, 'come again', 'protobuf'));
  expect([code, text(message)]).toEqual([14, 'come again']);
  expect(JSON.parse(text(encodeRpcStatus(3, 'no', 'json')))).toEqual({ code: 3, message: 'no' });
});
