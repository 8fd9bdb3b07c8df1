import { exitCodes } from './usage-error.ts';

/** Runs until the work ends by itself or the person says Ctrl-C, which is the usual way to end a watch. */
export async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    await work(controller.signal);
    return exitCodes.fine;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
