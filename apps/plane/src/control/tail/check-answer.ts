import type { TailAnswer } from './tail-source.ts';

/** Longest cursor that a node takes back. */
const maxCursorLength = 65_536;

/** What is wrong with an answer that is well formed; null when it may be kept. */
export function findAnswerFault(
  { head, batch }: TailAnswer,
  nodeId: string,
  ownerOf: (runnerId: string) => string | undefined,
): string | null {
  if (head.nodeId !== nodeId) return `it answers as node ${head.nodeId}, not as ${nodeId}`;
  if (head.cursor.length > maxCursorLength) return `its cursor has ${head.cursor.length} characters`;
  for (const { nodeId: claimed, runnerId } of [...batch.sources, ...head.runners]) {
    if (claimed !== nodeId) return `it sends runner ${runnerId} of node ${claimed}, which is not its own`;
    const owner = ownerOf(runnerId) ?? nodeId;
    if (owner !== nodeId) return `it sends runner ${runnerId}, which belongs to node ${owner}`;
  }
  return null;
}
