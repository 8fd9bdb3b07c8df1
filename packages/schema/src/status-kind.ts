import { z } from './zod.ts';

export const runnerStatusKinds = [
  'RunnerIdle',
  'RunnerConnecting',
  'RunnerConnected',
  'RunnerLoading',
  'RunnerLoaded',
  'RunnerWarmingUp',
  'RunnerReady',
  'RunnerRunning',
  'RunnerShuttingDown',
  'RunnerShutdown',
  'RunnerFailed',
] as const;

export const RunnerStatusKind = z.enum(runnerStatusKinds).meta({ id: 'RunnerStatusKind' });
export type RunnerStatusKind = z.infer<typeof RunnerStatusKind>;
