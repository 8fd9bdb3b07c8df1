import { isRunnerPhase, type PhaseFamily, phaseFacts } from '@rankscope/schema';
import { drawnMarks, type Ink } from '@rankscope/timeline';
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

/** Hue is the family, bold waits for peers, alarm is inversion: it also works where there is no colour. */
export function phaseInk(terminal: Terminal): Ink {
  return {
    cells: (text, phase, mark) => {
      if (mark === drawnMarks.dead || mark === drawnMarks.missed) return terminal.style('inverse', text);
      if (phase === null) return terminal.style('gray', text);
      if (!isRunnerPhase(phase)) return terminal.style('magenta', text);
      if (phase === 'error') return terminal.style(['red', 'bold'], text);
      const { family, class: kind } = phaseFacts[phase];
      const style = familyStyles[family];
      return terminal.style(kind === 'gate' && typeof style === 'string' ? [style, 'bold'] : style, text);
    },
    quiet: (text) => terminal.style('gray', text),
    row: (text, { missed }, part) => {
      if (!missed) return text;
      const [words = '', space = ''] = [text.trimEnd(), text.slice(text.trimEnd().length)];
      return part === 'name' ? `${terminal.style('inverse', words)}${space}` : terminal.style('bold', text);
    },
  };
}
