import type { GatheredNode } from '@rankscope/timeline';
import type { IntakeFacts } from './intake-facts.ts';
import type { Intake, IntakeOptions } from './open-intake.ts';

/** The intake, which is loaded with the first request: most planes are never sent anything. */
export interface LazyIntake {
  open(): Promise<Intake>;
  /** None before the first request. */
  nodes(limit: number): GatheredNode[];
  /** Null before the first request. */
  facts(): IntakeFacts | null;
  close(): Promise<void>;
}

export function createLazyIntake(options: IntakeOptions): LazyIntake {
  let opening: Promise<Intake> | null = null;
  let opened: Intake | null = null;
  const load = async (): Promise<Intake> => {
    const { openIntake } = await import('./open-intake.ts');
    opened = openIntake(options);
    return opened;
  };
  return {
    open: () => (opening ??= load()),
    nodes: (limit) => opened?.nodes(limit) ?? [],
    facts: () => opened?.facts() ?? null,
    close: async () => opened?.close(),
  };
}
