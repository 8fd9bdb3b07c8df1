import { diagnose, emptyMemory, inputOfTimeline } from '@rankscope/diagnosis';
import { ClusterTimeline } from '@rankscope/schema';
import { z } from 'zod';
import { readJsonFile } from './read-json-file.ts';

const Cases = z.looseObject({
  version: z.literal(1),
  scenarios: z.array(z.looseObject({ id: z.string(), input: ClusterTimeline })),
});

/** One line of JSON a case: what is said of it. The format of the file stands beside the worked cases. */
export function* diagnoseCases(path: string): Generator<string> {
  for (const { id, input } of readJsonFile(path, Cases, 'file of cases').scenarios) {
    const { verdicts } = diagnose(inputOfTimeline(input), emptyMemory);
    const told = verdicts.map(({ code, confidence, instanceId, culprits, suspects, annotations }) => ({
      code,
      confidence,
      instanceId,
      culprits: culprits.map(({ rank }) => rank),
      suspects: suspects.map(({ rank }) => rank),
      annotations,
    }));
    yield JSON.stringify({ id, verdicts: told });
  }
}
