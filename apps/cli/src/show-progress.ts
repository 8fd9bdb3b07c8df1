import type { Terminal } from './terminal.ts';

export interface Progress {
  show(text: string): void;
  end(): void;
}

/** The same thing is not said twice in a row, and nothing is left standing at the end. */
export function showProgress(terminal: Terminal): Progress {
  let shown = '';
  const show = (text: string) => {
    if (text !== shown) terminal.status(text);
    shown = text;
  };
  return { show, end: () => show('') };
}
