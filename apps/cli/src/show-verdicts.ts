import { explain } from '@rankscope/diagnosis';
import type { Verdict } from '@rankscope/schema';
import type { Terminal } from './terminal.ts';

/** A sentence an instance, and under a bad one the chain of reasons and what to do. */
export function showVerdicts(verdicts: readonly Verdict[], terminal: Terminal): string {
  if (verdicts.length === 0) return 'No instance is known: no node that answered runs a rank.';
  return verdicts.map((verdict) => showVerdict(verdict, terminal)).join('\n\n');
}

function showVerdict(verdict: Verdict, terminal: Terminal): string {
  const { severity, sentence, code, instanceId, nextStep } = verdict;
  const head = severity === 'critical' ? terminal.style('inverse', `◆ ${sentence}`) : sentence;
  const [, ...reasons] = severity === 'info' ? [] : explain(verdict);
  const lines = [head, `  ${code}, ${severity} · instance ${instanceId}`, ...reasons.map((reason) => `  ${reason}`)];
  if (nextStep !== null) lines.push(`  Next: ${nextStep}`);
  return lines.join('\n');
}
