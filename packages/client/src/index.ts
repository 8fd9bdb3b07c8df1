export * from './fetch-entries.ts';
export * from './fetch-json.ts';
export { StreamError } from './open-stream.ts';
export * from './plane-client.ts';
export * from './sse.ts';
