import type { Terminal } from './terminal.ts';

export interface Screen {
  show(picture: string): void;
  /** One line under the picture until the next one. */
  note(line: string): void;
  close(): void;
}

/** A pipe gets a picture as often as somebody reading along could take it in. */
const pipeIntervalMs = 1000;

/**
 * A picture that is drawn again in place. Lines are overwritten, not cleared first: a cleared screen flickers. The
 * alternate screen is not used, so that the last picture stays in the scroll-back when the watch ends.
 */
export function createScreen(terminal: Terminal): Screen {
  let picture = '';
  let shownAt = Number.NEGATIVE_INFINITY;
  let begun = false;

  function paint(text: string): void {
    if (!begun) terminal.write('\x1b[?25l\x1b[2J');
    begun = true;
    const lines = text.split('\n').slice(0, Math.max(1, terminal.rows - 1));
    terminal.write(`\x1b[H${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`);
  }
  return {
    show(next) {
      picture = next;
      if (terminal.isTty) return paint(next);
      if (performance.now() - shownAt < pipeIntervalMs) return;
      shownAt = performance.now();
      terminal.print(`${next}\n`);
    },
    note(line) {
      if (terminal.isTty) paint(`${picture}\n\n${line}`.trimStart());
      else terminal.tell(line);
    },
    close() {
      if (begun) terminal.write('\x1b[?25h');
    },
  };
}
