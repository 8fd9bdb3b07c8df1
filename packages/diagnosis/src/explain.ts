import type { Verdict } from '@rankscope/schema';

const meanings: Record<Verdict['confidence'], string> = {
  established: 'the evidence leaves no other reading',
  supported: 'the likeliest reading of what is known',
  undecided: 'what is known fits more than one reading',
};

/** The chain of reasons of a verdict, one a line, each of which a person can check against the timeline. */
export function explain(verdict: Verdict): string[] {
  const { code, severity, confidence, collective, culprits, suspects, waitsFor, evidence, missing, annotations } =
    verdict;
  const lines = [`${verdict.sentence} (${code}, ${severity}; ${confidence}: ${meanings[confidence]})`];
  if (collective !== null) {
    const layer = collective.layer === null ? '' : `, layer ${collective.layer}`;
    lines.push(
      `It is about ${collective.op ?? 'collective'} ${collective.barrierSeq} of group ${collective.group} in ${collective.phase}${layer}.`,
    );
  }
  for (const [to, waits] of Map.groupBy(waitsFor, (wait) => wait.to)) {
    const from = waits.map((wait) => wait.from).join(', ');
    lines.push(`Rank ${from} waits for rank ${to} in ${waits[0]?.via}: rank ${to} has no entry of having come to it.`);
  }
  for (const { rank, why, role } of culprits)
    lines.push(`Rank ${rank} is named${role === null ? '' : ` (${role})`}: ${why}.`);
  for (const { rank, why } of suspects) lines.push(`Rank ${rank} may be the one: ${why}.`);
  for (const { runnerId, seq } of evidence)
    lines.push(
      seq === null ? `Seen: the present state of runner ${runnerId}.` : `Seen: entry ${seq} of runner ${runnerId}.`,
    );
  for (const what of missing) lines.push(`Not known: ${what}.`);
  for (const note of annotations) lines.push(`Beside it: ${note}.`);
  return lines;
}
