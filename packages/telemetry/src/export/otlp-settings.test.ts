import { expect, test } from 'vitest';
import { parseOtlpSettings } from './otlp-settings.ts';

const settingsOf = (env: Record<string, string>) => {
  const { settings, faults } = parseOtlpSettings(env);
  expect(faults).toEqual([]);
  return settings;
};

test('without an endpoint nothing is sent, whatever else is set', () => {
  expect(settingsOf({})).toBeNull();
  expect(settingsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ', OTEL_EXPORTER_OTLP_TIMEOUT: '5' })).toBeNull();
  expect(settingsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318', OTEL_SDK_DISABLED: 'true' })).toBeNull();
});

test('the general endpoint gets the path of each signal, a signal’s own is taken as it is', () => {
  const settings = settingsOf({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318/otlp/',
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://b/logs?x=1',
  });
  expect(settings?.traces?.url).toBe('http://a:4318/otlp/v1/traces');
  expect(settings?.logs?.url).toBe('https://b/logs?x=1');
});

test('a signal can be left out', () => {
  const settings = settingsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318', OTEL_LOGS_EXPORTER: 'none' });
  expect(settings?.logs).toBeNull();
  expect(settingsOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://a/t' })?.logs).toBeNull();
});

test('headers of a signal are added to the general ones, and are percent-decoded', () => {
  const settings = settingsOf({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a=b, x-tenant=1,',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-tenant=2',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: '2500',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=lab',
  });
  expect(settings?.traces).toMatchObject({
    headers: { authorization: 'Bearer a=b', 'x-tenant': '2' },
    timeoutMs: 10_000,
  });
  expect(settings?.logs).toMatchObject({ headers: { 'x-tenant': '1' }, timeoutMs: 2_500, compression: 'gzip' });
  expect(settings?.resource).toEqual({ 'deployment.environment.name': 'lab' });
});

test('every fault names its variable, says it once, and shows no header', () => {
  const { faults } = parseOtlpSettings({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4317',
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'a:4318',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_TIMEOUT: 'soon',
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'zstd',
    OTEL_EXPORTER_OTLP_HEADERS: 'secret-token',
  });
  expect(faults.join('\n')).not.toContain('secret');
  for (const part of [
    /^OTEL_EXPORTER_OTLP_LOGS_ENDPOINT = "a:4318" is not an address like http/,
    /^OTEL_EXPORTER_OTLP_PROTOCOL = "grpc": only OTLP over HTTP/,
    /^OTEL_EXPORTER_OTLP_TIMEOUT = "soon": milliseconds/,
    /^OTEL_EXPORTER_OTLP_TRACES_COMPRESSION = "zstd": gzip or none/,
    /^OTEL_EXPORTER_OTLP_HEADERS: an entry is not name=value/,
  ])
    expect(
      faults.filter((fault) => part.test(fault)),
      String(part),
    ).toHaveLength(1);
});
