import { isRunnerPhase, phaseFacts } from '@rankscope/schema';
import type { PhaseSlice } from './lane.ts';

interface Frame {
  readonly phase: string;
  readonly detail: string | null;
  /** Entered in so many words, so an exit is to be expected. */
  readonly explicit: boolean;
}

/** Frames that never see their exit (foreign recorders leave many) are forgotten beyond this depth. */
const maxDepth = 16;

/**
 * Turns points into stretches of phase.
 *
 * Two habits of recording meet here. Ours nests: `enter`, `exit`, and after an inner phase the outer one goes on.
 * Others only change: an entry in another phase ends the last one, exit or no exit. Both work with one stack, because
 * an entry *in* a phase says that everything entered later has been left.
 */
export function createPhaseTrack() {
  const slices: PhaseSlice[] = [];
  let stack: Frame[] = [];
  let open: (PhaseSlice & { readonly fresh: boolean }) | null = null;

  function close(us: number, lost: boolean): void {
    if (open === null) return;
    const { fresh, ...slice } = open;
    open = null;
    // An outer phase that came back for no time at all between two inner ones was never looked at by anybody.
    if (us > slice.startUs || fresh) slices.push({ ...slice, endUs: us, lost });
  }

  function show(us: number, fresh: boolean): void {
    const top = stack.at(-1);
    if (!fresh && open !== null && open.phase === top?.phase) return;
    close(us, false);
    if (top === undefined) return;
    const { phase, detail, explicit } = top;
    open = { phase, detail, startUs: us, endUs: null, enterSeen: explicit, lost: false, fresh };
  }

  function push(frame: Frame): void {
    if (nestsInNothing(frame.phase)) stack = [];
    while (stack.at(-1)?.explicit === false) stack.pop();
    stack.push(frame);
    if (stack.length > maxDepth) stack.shift();
  }

  return {
    slices,
    isInside: () => open !== null,
    enter(us: number, phase: string, detail: string | null): void {
      const at = stack.findLastIndex((frame) => frame.phase === phase);
      if (at >= 0) stack.length = at;
      push({ phase, detail, explicit: true });
      show(us, true);
    },
    exit(us: number, phase: string, detail: string | null): void {
      const at = stack.findLastIndex((frame) => frame.phase === phase);
      if (at >= 0) stack.length = at;
      else slices.push({ phase, detail, startUs: us, endUs: us, enterSeen: false, lost: false });
      show(us, false);
    },
    /** The entry says where the rank is, not that it just came or is about to go. */
    be(us: number, phase: string, detail: string | null): void {
      const at = stack.findLastIndex((frame) => frame.phase === phase);
      if (at >= 0) stack.length = at + 1;
      else push({ phase, detail, explicit: false });
      show(us, at < 0);
    },
    /** What was known before entries were lost is not known after. */
    forget(us: number): void {
      close(us, false);
      stack = [];
    },
    /** The rank's own end, or the end of what was recorded: then the last slice stays open. */
    end(deathUs: number | null): PhaseSlice[] {
      if (deathUs !== null) close(deathUs, true);
      if (open === null) return slices;
      const { fresh: _, ...slice } = open;
      return [...slices, slice];
    },
  };
}

/** Resting and ending are done at the top of a rank's loop: whatever was entered before has been left. */
function nestsInNothing(phase: string): boolean {
  return isRunnerPhase(phase) && (phaseFacts[phase].class === 'rest' || phaseFacts[phase].class === 'terminal');
}
