export { type DescribeOptions, describeTelemetryRunner } from './intake/describe-runner.ts';
export { mergeBatches } from './intake/merge-batches.ts';
export { encodeOtlpAnswer, encodeRpcStatus, type PartialSuccess, rpcCodes } from './intake/otlp-answer.ts';
export { OtlpError } from './intake/otlp-error.ts';
export {
  createOtlpReader,
  type OtlpEncoding,
  type OtlpRead,
  type OtlpReader,
  type OtlpReaderOptions,
  type OtlpSignal,
} from './intake/otlp-reader.ts';
export { foldRows, newRunnerState, type RunnerState } from './intake/runner-fold.ts';
export { addTally, emptyTally, type Tally } from './intake/tally.ts';
