import type { Problem } from '@rankscope/schema';

/** How a joined plane stands with its leader. */
export interface Reporting {
  /** Null before the first report has come to something. */
  readonly answers: boolean | null;
  /** Milliseconds since the Unix epoch: since when that is so. */
  readonly sinceMs: number;
  /** Why the leader does not answer, or why it refuses. */
  readonly error: string | null;
  /** Reports in a row that came to nothing. */
  readonly failures: number;
  /** Kinds of trouble that the log has been told of since the leader last answered. */
  readonly told: readonly string[];
}

export type Outcome =
  | { readonly kind: 'answered'; readonly masterNodeId: string; readonly nodes: number }
  | {
      readonly kind: 'failed';
      readonly error: string;
      readonly status: number | null;
      readonly problem: Pick<Problem, 'detail' | 'error'> | null;
    };

export interface Circumstances {
  readonly nowMs: number;
  /** From 0 up to 1. */
  readonly random: number;
  readonly hasJoinToken: boolean;
}

export interface ReportingPlan {
  readonly next: Reporting;
  /** Before the next report. */
  readonly pauseMs: number;
  readonly say: { readonly level: 'info' | 'warn' | 'error'; readonly message: string } | null;
}

/** A leader that answers at once, again and again, is not asked more often than this. */
export const leastPauseMs = 50;
/** After the first failure: a leader that starts anew is there again within a second or two. */
export const firstPauseMs = 250;
/** Longest time to notice that the leader is back; 256 nodes then knock some hundred times a second, which is nothing. */
export const longestPauseMs = 3_000;

export function startReportingState(nowMs: number): Reporting {
  return { answers: null, sinceMs: nowMs, error: null, failures: 0, told: [] };
}

/** What a report's outcome means: when to report again, and what people are told, once for each change. */
export function planReporting(
  state: Reporting,
  outcome: Outcome,
  { nowMs, random, hasJoinToken }: Circumstances,
): ReportingPlan {
  if (outcome.kind === 'answered') {
    const next = { answers: true, sinceMs: state.answers ? state.sinceMs : nowMs, error: null, failures: 0, told: [] };
    const message = state.answers === null ? 'this plane has joined the cluster' : 'the leader answers again';
    return { next, pauseMs: leastPauseMs, say: state.answers === true ? null : { level: 'info', message } };
  }
  const { kind, level, message } = describeTrouble(outcome, hasJoinToken);
  const next: Reporting = {
    answers: false,
    sinceMs: state.answers === false ? state.sinceMs : nowMs,
    error: message,
    failures: state.failures + 1,
    told: state.told.includes(kind) ? state.told : [...state.told, kind],
  };
  const say = state.told.includes(kind) ? null : ({ level, message } as const);
  return { next, pauseMs: pauseAfter(next.failures, random), say };
}

/** Doubles up to the ceiling; the jitter keeps nodes that lost their leader together from asking together. */
function pauseAfter(failures: number, random: number): number {
  const fullMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 16));
  return fullMs * (0.5 + random / 2);
}

type Trouble = { readonly kind: string; readonly level: 'warn' | 'error'; readonly message: string };

function describeTrouble(outcome: Extract<Outcome, { kind: 'failed' }>, hasJoinToken: boolean): Trouble {
  const { status, problem, error } = outcome;
  if (status === 401) {
    const message = hasJoinToken
      ? 'the leader refuses this plane: RANKSCOPE_JOIN_TOKEN here is not the RANKSCOPE_JOIN_TOKEN of the leader'
      : 'the leader refuses this plane: it wants a token; set RANKSCOPE_JOIN_TOKEN here as the leader has it';
    return { kind: 'unauthorized', level: 'error', message };
  }
  // Busy or broken is no refusal of this plane.
  if (problem !== null && (status ?? 0) < 500)
    return { kind: problem.error.code, level: 'error', message: `the leader refuses this plane: ${problem.detail}` };
  if (status !== null && status < 500)
    return {
      kind: 'stranger',
      level: 'error',
      message: `what answers at RANKSCOPE_JOIN takes no reports (${error}): it is no Rankscope plane, or one of another version`,
    };
  return { kind: 'silent', level: 'warn', message: `the leader does not answer: ${error}` };
}
