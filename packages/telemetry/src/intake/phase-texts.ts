import { isRunnerPhase, phaseFacts } from '@rankscope/schema';
import type { BatchTexts } from './batch-texts.ts';

/** A phase's name is a word, not a page. */
export const maxPhaseLength = 64;
/** How a span is named that says where a rank still is. */
const inProgressSuffix = ' (in progress)';
/** A batch has few phases; texts beyond are looked at each time. */
const remembered = 1024;

const known = { nothing: 0, phase: 1, lifecycle: 2, tooLong: 3 } as const;

/** What the texts of a batch are as phases: asked of every span, so it is found out once a text. */
export class PhaseTexts {
  readonly #texts: BatchTexts;
  readonly #known = new Uint8Array(remembered);
  /** For a text that is a span's name: the phase's text plus 2, or 1 when it names none. */
  readonly #ofName = new Int32Array(remembered);

  constructor(texts: BatchTexts) {
    this.#texts = texts;
  }

  clear(): void {
    this.#known.fill(0);
    this.#ofName.fill(0);
  }

  /** The phase that a span's name says; 0 when it says none. */
  ofName(name: number): number {
    const before = name < remembered ? (this.#ofName[name] ?? 0) : 0;
    if (before > 0) return Math.max(0, before - 2);
    const text = this.#texts.at(name);
    const phase = text.endsWith(inProgressSuffix) ? text.slice(0, -inProgressSuffix.length) : text;
    const found = isRunnerPhase(phase) ? this.#texts.ofString(phase) : 0;
    if (name < remembered) this.#ofName[name] = found === 0 ? 1 : found + 2;
    return found;
  }

  isTooLong(phase: number): boolean {
    return this.#kind(phase) === known.tooLong;
  }

  /** Connecting, loading, resting: done for no command. */
  isLifecycle(phase: number): boolean {
    return this.#kind(phase) === known.lifecycle;
  }

  #kind(phase: number): number {
    const before = phase < remembered ? (this.#known[phase] ?? 0) : 0;
    if (before !== known.nothing) return before;
    const text = this.#texts.at(phase);
    const kind =
      text.length > maxPhaseLength
        ? known.tooLong
        : isRunnerPhase(text) && phaseFacts[text].family === 'lifecycle'
          ? known.lifecycle
          : known.phase;
    if (phase < remembered) this.#known[phase] = kind;
    return kind;
  }
}
