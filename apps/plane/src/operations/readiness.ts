import type { Context } from './context.ts';

/** Whether this plane can do what it was started for. */
export function readiness({ serving, whyNotServing, wantsModel }: Context): { ready: boolean; reason: string | null } {
  if (!wantsModel) return { ready: true, reason: null };
  const current = serving();
  const reason = current ? current.board.whyNotReady() : whyNotServing();
  return { ready: reason === null, reason };
}
