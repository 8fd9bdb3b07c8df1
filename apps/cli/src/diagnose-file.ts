import { diagnose, emptyMemory, inputOfTimeline } from '@rankscope/diagnosis';
import { ClusterTimeline, type Verdict } from '@rankscope/schema';
import { readJsonFile } from './read-json-file.ts';

/** The verdicts of a saved timeline. */
export function diagnoseFile(path: string): readonly Verdict[] {
  return diagnose(inputOfTimeline(readJsonFile(path, ClusterTimeline, 'ClusterTimeline')), emptyMemory).verdicts;
}
