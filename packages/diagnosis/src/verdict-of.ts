import { formatTimestamp, type Verdict, verdictCodes } from '@rankscope/schema';
import type { Finding } from './finding.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Group } from './group.ts';
import type { WaitGraph } from './wait-graph.ts';

/** A finding as it is shown: the same words in the terminal, the API, the page and the webhook. */
export function verdictOf(finding: Finding, group: Group, graph: WaitGraph, annotations: readonly string[]): Verdict {
  const { site } = finding;
  const enter = site?.enter ?? null;
  const errors = group.ranks.flatMap(({ runner }) => runner.errorMessage ?? []);
  const severity = verdictCodes[finding.code];
  return {
    code: finding.code,
    severity,
    confidence: finding.confidence,
    subreason: finding.subreason ?? null,
    instanceId: group.instanceId,
    collective: site
      ? {
          group: Math.max(0, enter?.group ?? 0),
          barrierSeq: site.ordinal,
          phase: site.phase,
          op: enter?.op ?? null,
          layer: enter === null || enter.layer < 0 ? null : enter.layer,
          taskId: site.taskId,
        }
      : null,
    culprits: byRank(finding.culprits ?? []),
    suspects: byRank(finding.suspects ?? []),
    victims: (finding.victims ?? []).toSorted((a, b) => a - b),
    waitsFor: severity === 'critical' || finding.code === 'INSUFFICIENT_EVIDENCE' ? waitsShown(graph) : [],
    since: timeText(finding.sinceUs ?? group.nowUs),
    detectedAt: timeText(group.nowUs),
    evidence: (finding.evidence ?? []).map(({ runnerId, seq }) => ({ runnerId, seq })),
    missing: [...(finding.missing ?? [])],
    annotations: [...annotations],
    sentence: finding.sentence.charAt(0).toUpperCase() + finding.sentence.slice(1),
    nextStep: finding.nextStep ?? null,
    fingerprint: fingerprintOf(finding, errors),
  };
}

/** A picture of more waits than this shows nothing. */
const maxWaits = 256;

function waitsShown({ waits }: WaitGraph): Verdict['waitsFor'] {
  return waits
    .map(({ from, to, via }) => ({ from, to, via }))
    .sort((a, b) => a.from - b.from || a.to - b.to)
    .slice(0, maxWaits);
}

function byRank<T extends { readonly rank: number }>(ranks: readonly T[]): T[] {
  return ranks.toSorted((a, b) => a.rank - b.rank);
}

function timeText(us: number): string {
  return formatTimestamp(BigInt(Math.max(0, Math.round(us))) * 1_000n);
}
