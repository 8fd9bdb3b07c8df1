import { lastIdentityCode } from './attribute-names.ts';
import { type AttributeValues, valueKinds } from './attribute-values.ts';
import type { RowBuffer } from './row-buffer.ts';
import { type BookedRunner, maxRunners, type RunnerBook } from './runner-book.ts';
import { identityOf } from './runner-identity.ts';

/** A batch holds positions of its sources in 16 bits. */
const maxSources = 65_000;

/** Whose a span is: a rank, nobody (null), or a text that says why that cannot be told. */
export type Owner = BookedRunner | string | null;

export interface OwnersOptions {
  readonly book: RunnerBook;
  readonly buffer: RowBuffer;
  /** Entries of this runner come from its own plane. */
  readonly knowsRunner: (runnerId: string) => boolean;
}

/** Finds whose spans they are: once a resource, unless a span says something else of itself. */
export class Owners {
  readonly #options: OwnersOptions;
  readonly #resource: AttributeValues;
  #ofResource: Owner = null;
  /** What the last span with attributes of its own said, and whose it was. */
  readonly #lastSaid = new Float64Array(2 * (lastIdentityCode + 1)).fill(-1);
  #ofLastSaid: Owner = null;
  #nowUs = 0;

  constructor(resource: AttributeValues, options: OwnersOptions) {
    this.#resource = resource;
    this.#options = options;
  }

  begin(nowUs: number): void {
    this.#nowUs = nowUs;
    this.#ofResource = null;
    this.#lastSaid[0] = -1;
    this.#options.book.tidy(nowUs);
  }

  takeResource(): void {
    this.#ofResource = this.#find(null);
    this.#lastSaid[0] = -1;
  }

  of(span: AttributeValues): Owner {
    if (!span.hasIdentity) return this.#ofResource;
    if (!this.#saysTheSame(span)) this.#ofLastSaid = this.#find(span);
    return this.#ofLastSaid;
  }

  /** The position of a rank in the batch's sources. */
  sourceAt(runner: BookedRunner): number {
    if (runner.sourceAt < 0) runner.sourceAt = this.#options.buffer.sources.push(runner.source) - 1;
    return runner.sourceAt;
  }

  /** The same of its supervisor. */
  supervisorAt(runner: BookedRunner): number {
    if (runner.supervisorAt < 0) runner.supervisorAt = this.#options.buffer.sources.push(runner.supervisor) - 1;
    return runner.supervisorAt;
  }

  #saysTheSame(span: AttributeValues): boolean {
    let same = this.#lastSaid[0] === 0;
    this.#lastSaid[0] = 0;
    for (let code = 1; code <= lastIdentityCode; code += 1) {
      const kind = span.kind(code);
      const said = kind === valueKinds.text ? span.text(code) : kind === valueKinds.number ? span.number(code) : 0;
      same &&= this.#lastSaid[code * 2] === kind && this.#lastSaid[code * 2 + 1] === said;
      this.#lastSaid[code * 2] = kind;
      this.#lastSaid[code * 2 + 1] = said;
    }
    return same;
  }

  #find(span: AttributeValues | null): Owner {
    const { book, buffer, knowsRunner } = this.#options;
    const identity = identityOf({ span, resource: this.#resource, texts: buffer.texts });
    if (identity.kind === 'none') return null;
    if (identity.kind === 'refused') return identity.reason;
    const runner = book.find(identity.source, this.#nowUs);
    if (runner === null) return `${maxRunners} other ranks have sent spans within the last minute: there is no room`;
    if (runner.batchNo !== buffer.batchNo) {
      if (buffer.sources.length >= maxSources) return `the request has spans of more than ${maxSources / 2} ranks`;
      runner.batchNo = buffer.batchNo;
      runner.sourceAt = -1;
      runner.supervisorAt = -1;
      runner.isDouble = knowsRunner(runner.source.runnerId);
    } else {
      if (runner.sourceAt >= 0) buffer.sources[runner.sourceAt] = runner.source;
      if (runner.supervisorAt >= 0) buffer.sources[runner.supervisorAt] = runner.supervisor;
    }
    return runner;
  }
}
