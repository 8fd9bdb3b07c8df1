import type { DuckDBValue } from '@duckdb/node-api';
import { clipWord } from './clip-word.ts';

/** Tasks of an hour, usually some hundreds. Forgotten ones get a second number, which is as good. */
const maxJobs = 65_536;

/** Numbers the pairs of task and command of an hour; 0 is neither. */
export class JobBook {
  #nextId: number;
  #idOf = new Map<string, number>();
  #fresh: DuckDBValue[][] = [];

  constructor(nextId: number) {
    this.#nextId = nextId;
  }

  idOf(givenTaskId: string, givenCommandId: string): number {
    if (givenTaskId === '' && givenCommandId === '') return 0;
    const taskId = clipWord(givenTaskId);
    const commandId = clipWord(givenCommandId);
    const key = `${taskId}\u0000${commandId}`;
    const known = this.#idOf.get(key);
    if (known !== undefined) return known;
    if (this.#idOf.size === maxJobs) this.#idOf = new Map();
    const id = this.#nextId;
    this.#nextId += 1;
    this.#idOf.set(key, id);
    this.#fresh.push([id, taskId, commandId]);
    return id;
  }

  /** Rows for `jobs_N` since the last call. */
  takeFresh(): DuckDBValue[][] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}
