export type { LogEvidence, RecorderIdentity, SpanEvidence, SpanPlace } from './evidence.ts';
export { traceIdOfCommand } from './trace-ids.ts';
