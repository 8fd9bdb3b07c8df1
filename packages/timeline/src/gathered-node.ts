import type { NodeDiagnostics } from '@rankscope/schema';
import type { ClockEstimate } from './estimate-clock.ts';

/** What asking one expected node came to. */
export type GatheredNode =
  | {
      readonly kind: 'ok';
      readonly nodeId: string;
      readonly url: string | null;
      readonly diagnostics: NodeDiagnostics;
      readonly roundTripMs: number | null;
      /** Of the node's clock against that of whoever asked; absent where nothing bounds it. */
      readonly clock?: ClockEstimate | undefined;
    }
  | {
      readonly kind: 'unreachable';
      readonly nodeId: string;
      readonly url: string | null;
      readonly error: string;
      /** What people call it, where that is known although it says nothing. */
      readonly friendlyName?: string | null | undefined;
      /** What somebody kept of what the node said before it fell silent. */
      readonly lastWords?: NodeDiagnostics | undefined;
    };
