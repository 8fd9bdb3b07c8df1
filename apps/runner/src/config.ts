import { logLevels, parseConfig } from '@rankscope/daemon';
import { z } from 'zod';

const fields = z.object({ RANKSCOPE_LOG: z.enum(logLevels).default('info') });

/** A runner inherits its plane's environment and is told the rest by its assignment; only the log level is its own. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env) {
  return parseConfig({ fields, env, unknownKeys: 'ignore' }).values;
}
