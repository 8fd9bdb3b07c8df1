import type { RecorderIdentity } from './evidence.ts';
import type { SpanRules } from './span-rules.ts';

export interface PlanContext {
  readonly identity: RecorderIdentity;
  /** When the recorder was opened. CLOCK_MONOTONIC, as all times of a recorder. */
  readonly bornNs: bigint;
  readonly wallAtNs: (monoNs: bigint) => bigint;
  /** A plane made, or makes, the roots. Without one the ranks' anchors have no parent, and none is missing. */
  readonly hasPlane: boolean;
  readonly rules: SpanRules;
}
