import { isRunnerPhase, type PhaseFamily, phaseFacts } from '@rankscope/schema';
import { type Ink, isAbsent } from '@rankscope/timeline';
import type { Terminal } from './terminal.ts';

type Style = Parameters<Terminal['style']>[0];

/** The families' hues in the sixteen colours that every terminal's own theme has made legible. */
const familyStyles: Record<PhaseFamily, Style> = {
  lifecycle: 'gray',
  task: 'blue',
  prefill: 'yellow',
  decode: 'green',
  cancel: 'magenta',
  end: 'cyan',
};

/** Longer than any step of healthy work: below it, standing in a collective is nothing to point at. */
export const noteworthySeconds = 1;

/** Hue is the family, bold waits for peers, alarm is inversion: it also works where there is no colour. */
export function phaseInk(terminal: Terminal, longestWait: number): Ink {
  return {
    cells: (text, phase, mark) => {
      if (mark === 'X') return terminal.style('inverse', text);
      if (phase === null) return terminal.style('gray', text);
      if (!isRunnerPhase(phase)) return terminal.style('magenta', text);
      if (phase === 'error') return terminal.style(['red', 'bold'], text);
      const { family, class: kind } = phaseFacts[phase];
      const style = familyStyles[family];
      return terminal.style(kind === 'gate' && typeof style === 'string' ? [style, 'bold'] : style, text);
    },
    quiet: (text) => terminal.style('gray', text),
    row: (text, { position }) =>
      position !== null && isAbsent(position) && longestWait >= noteworthySeconds ? terminal.style('bold', text) : text,
  };
}
