import { logLevels, parseConfig } from '@rankscope/daemon';
import { z } from 'zod';

const fields = z.object({ RANKSCOPE_LOG: z.enum(logLevels).default('info') });

/** A runner inherits its plane's environment and is told the rest by its assignment; only the log level is its own. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env) {
  return parseConfig({ fields, env, unknownKeys: 'ignore' }).values;
}

/**
 * Tells OpenBLAS how many threads to start. It reads the variable when it is loaded, so this comes before the native
 * core; what a person has set stays.
 */
export function limitComputeThreads(threads: number | null, env: NodeJS.ProcessEnv = process.env): void {
  if (threads !== null) env.OPENBLAS_NUM_THREADS ??= String(threads);
}
