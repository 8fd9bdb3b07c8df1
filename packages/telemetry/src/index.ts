export { traceIdOfCommand } from './trace-ids.ts';
