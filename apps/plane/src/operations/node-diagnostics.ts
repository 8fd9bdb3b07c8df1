import type { NodeDiagnostics, NodeDiagnosticsQuery } from '@rankscope/schema';
import type { Context } from './context.ts';

/** What this machine runs. Asks nobody. */
export function nodeDiagnostics({ view }: Context, query: NodeDiagnosticsQuery): NodeDiagnostics {
  return view.diagnose(query.limit);
}
