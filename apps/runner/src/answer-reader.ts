import type { FlightWriter } from '@rankscope/flight-recorder';
import { nowCells, type TaskOrder } from '@rankscope/schema';
import { createDetokeniser } from './detokeniser.ts';
import type { Prompter } from './prompt.ts';
import { createStopFilter } from './stop-filter.ts';

export interface AnswerReader {
  push(token: number): void;
  /** What was held back; nothing when a stop sequence ended the answer. */
  finish(): void;
  readonly stopped: boolean;
}

export interface AnswerReaderOptions {
  readonly order: TaskOrder;
  readonly prompter: Prompter;
  readonly writer: FlightWriter;
  readonly onText: (piece: { readonly text: string; readonly tokens: number }) => void;
  readonly onStop: () => void;
}

/** On the rank that samples: tokens to text, up to the first stop sequence. */
export function createAnswerReader({ order, prompter, writer, onText, onStop }: AnswerReaderOptions): AnswerReader {
  const detokeniser = createDetokeniser((tokens) => prompter.decode(tokens));
  const filter = createStopFilter(order.sampling.stop);
  return {
    push(token) {
      // The ranks agree on the end a step or two later; what is said in between is not part of the answer.
      if (filter.stopped) return;
      const text = inParser(writer, () => filter.push(detokeniser.push(token)));
      onText({ text, tokens: 1 });
      if (filter.stopped) onStop();
    },
    finish() {
      if (filter.stopped) return;
      const text = inParser(writer, () => filter.push(detokeniser.flush()) + filter.flush());
      if (text !== '') onText({ text, tokens: 0 });
    },
    get stopped() {
      return filter.stopped;
    },
  };
}

/** The parser runs beside the engine's phases, so it has a cell of its own. */
function inParser<T>(writer: FlightWriter, fn: () => T): T {
  const cell = nowCells.parser;
  writer.record({ phase: 'parser', kind: 'enter', event: 'enter', cell });
  writer.now(cell, { phase: 'parser' });
  try {
    return fn();
  } finally {
    writer.now(cell, null);
    writer.record({ phase: 'parser', kind: 'exit', event: 'exit', cell });
  }
}
