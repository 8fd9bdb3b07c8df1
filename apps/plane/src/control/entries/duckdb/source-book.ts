import type { DuckDBValue } from '@duckdb/node-api';
import type { EntrySource } from '@rankscope/schema';
import { maxWordLength } from './clip-word.ts';

/** Recorders at once, because a batch counts them in 16 bits. With their last rows they go, and make room. */
export const maxSources = 65_535;

/** Numbers the recorders. What was first said of one counts: a runner's rank and instance do not change. */
export class SourceBook {
  readonly #idOf = new Map<string, number>();
  readonly #byId = new Map<number, EntrySource>();
  #fresh: DuckDBValue[][] = [];
  #nextId = 0;

  constructor(known: ReadonlyMap<number, EntrySource>) {
    for (const [id, source] of known) this.#keep(id, source);
  }

  /** Null when there are too many, or when it has a name that no recorder of ours would have. */
  idOf(source: EntrySource): number | null {
    const known = this.#idOf.get(keyOf(source));
    if (known !== undefined) return known;
    if (this.#byId.size >= maxSources || hasLongName(source)) return null;
    while (this.#byId.has(this.#nextId)) this.#nextId = (this.#nextId + 1) % maxSources;
    const id = this.#nextId;
    this.#keep(id, source);
    const { nodeId, runnerId, instanceId, modelId, deviceRank, worldSize, attempt, recorder } = source;
    this.#fresh.push([id, nodeId, runnerId, instanceId, modelId, deviceRank, worldSize, attempt, recorder]);
    return id;
  }

  get(id: number): EntrySource | undefined {
    return this.#byId.get(id);
  }

  entries(): IterableIterator<[number, EntrySource]> {
    return this.#byId.entries();
  }

  /** Rows for `sources` since the last call. */
  takeFresh(): DuckDBValue[][] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  remove(id: number): void {
    const source = this.#byId.get(id);
    if (source === undefined) return;
    this.#byId.delete(id);
    this.#idOf.delete(keyOf(source));
  }

  #keep(id: number, source: EntrySource): void {
    this.#idOf.set(keyOf(source), id);
    this.#byId.set(id, source);
  }
}

function hasLongName({ nodeId, runnerId, instanceId, modelId, recorder }: EntrySource): boolean {
  return [nodeId, runnerId, instanceId, modelId, recorder].some((name) => name.length > maxWordLength);
}

/** Two texts joined so that no other two give the same. */
function keyOf({ runnerId, recorder }: EntrySource): string {
  return `${recorder}\u0000${runnerId}`;
}
