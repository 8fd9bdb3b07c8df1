import type { LogFields, LogLevel } from '@rankscope/daemon';
import { unpackBatch } from '../packed-batch.ts';
import { commitAppends } from './commit-appends.ts';
import type { Gate } from './gate.ts';
import { NoneColumns } from './none-columns.ts';
import { fileBytes, isPassing, messageOf, walBytes } from './open-database.ts';
import { checkpoint, dropHours, type OpenStore, openStore, usedBytes } from './open-store.ts';
import { hourMs, maxHourRows, maxWalBytes, planRetention } from './plan-retention.ts';
import { createQueryDesk, type QueryDesk, QueryRefusedError } from './query-desk.ts';
import { emptyAnswer, runQuery } from './run-query.ts';
import type { AppendRequest, FromStore, HeldFacts, StoreSettings, ToStore } from './store-messages.ts';

/** Appends are gathered until they are so many rows, or so long: a transaction costs as much as a thousand rows. */
const gatherRows = 2_048;
const gatherMs = 75;
/** One transaction: enough for DuckDB to write whole row groups past its log, little enough to fit its memory. */
const maxCommitRows = 524_288;
/** Rows that went past the log. */
const maxUncheckedRows = 1_048_576;
/** How long a disk that refused is left alone, at first and at most. */
const firstBackoffMs = 1_000;
const maxBackoffMs = 30_000;

export interface KeeperOptions {
  readonly settings: StoreSettings;
  readonly nowMs: number;
  readonly gate: Gate;
  readonly send: (message: FromStore) => void;
}

type Question = Exclude<ToStore, AppendRequest | { readonly type: 'close' | 'tick' | 'halt' }>;

/** Owns the file: gathers appends, commits, answers, drops what is too old, and gets over what goes wrong. */
export class Keeper {
  readonly #settings: StoreSettings;
  readonly #gate: Gate;
  readonly #send: (message: FromStore) => void;
  readonly #none = new NoneColumns();
  #nowMs: number;
  #store: OpenStore | null = null;
  #desk: QueryDesk | null = null;
  #appends: AppendRequest[] = [];
  #appendRows = 0;
  /** The oldest append that waits has waited long enough. */
  #gathered = false;
  /** Questions that came before the file was open for the first time. */
  #early: Question[] | null = [];
  /** Why nothing is written, and until when by `performance.now()`. */
  #refusal: { readonly reason: string; readonly untilMs: number } | null = null;
  #backoffMs = firstBackoffMs;
  #notice: string | null = null;
  #lastFacts: HeldFacts = { rows: 0, diskBytes: 0, oldestUs: null, problem: null };
  #uncheckedRows = 0;
  #retentionDue = true;
  /** A question runs, and what is due has to wait for its end. */
  #awaitsDesk = false;
  #closing: number | null = null;
  #wake: () => void = () => undefined;

  constructor({ settings, nowMs, gate, send }: KeeperOptions) {
    this.#settings = settings;
    this.#gate = gate;
    this.#nowMs = nowMs;
    this.#send = send;
  }

  receive(message: ToStore): void {
    if (message.type === 'append') this.#takeAppend(message);
    else if (message.type === 'close') this.#closing = message.id;
    else if (message.type === 'halt') this.halt();
    else if (message.type === 'tick') {
      this.#nowMs = message.nowMs;
      this.#retentionDue = true;
    } else this.#answerOrWait(message);
    this.#poke();
  }

  /** The process ends and the gate is shut: what runs in DuckDB is ended, nothing begins. */
  halt(): void {
    this.#store?.database.reader.interrupt();
    this.#store?.database.writer.interrupt();
  }

  /** Resolves when the store is closed. What it throws is a fault of ours: the thread ends, and another begins. */
  async run(): Promise<void> {
    while (true) {
      if (this.#store === null && !(await this.#open())) {
        if (this.#closing !== null) return this.#end(this.#closing);
        await this.#rest();
        continue;
      }
      await this.#untilDue();
      if (this.#appends.length > 0 && this.#isGathered()) await this.#commit();
      if (this.#store !== null) await this.#tidy(this.#store);
      if (this.#closing !== null && this.#appends.length === 0) return this.#end(this.#closing);
    }
  }

  async #open(): Promise<boolean> {
    try {
      const store = await openStore(this.#settings.path, { nowMs: this.#nowMs, gate: this.#gate });
      this.#store = store;
      if (store.notice !== null) {
        this.#notice = store.notice;
        this.#log('warn', store.notice);
      }
    } catch (error) {
      this.#refuseFor(messageOf(error));
      this.#log('error', 'the store of entries cannot be opened', { reason: messageOf(error) });
      for (const { id } of this.#takeAppends()) this.#fail(id, error);
      this.#answerEarly();
      return false;
    }
    this.#awaitsDesk = false;
    const onPaused = () => {
      this.#awaitsDesk = false;
      this.#poke();
    };
    this.#desk = createQueryDesk({ session: this.#store.database.reader, onPaused });
    this.#uncheckedRows = 0;
    this.#answerEarly();
    return true;
  }

  #takeAppend(request: AppendRequest): void {
    // With each new hour another may have become too old.
    if (Math.floor(request.nowMs / hourMs) !== Math.floor(this.#nowMs / hourMs)) this.#retentionDue = true;
    this.#nowMs = request.nowMs;
    const refusal = this.#refusedNow();
    if (refusal !== null) {
      this.#send({ type: 'failed', id: request.id, kind: 'unavailable', message: refusal });
      return;
    }
    if (this.#appends.length === 0) this.#gather();
    this.#appends.push(request);
    this.#appendRows += request.batch.rows;
  }

  #gather(): void {
    this.#gathered = false;
    setTimeout(() => {
      this.#gathered = true;
      this.#poke();
    }, gatherMs);
  }

  #answerOrWait(question: Question): void {
    if (this.#early !== null) this.#early.push(question);
    else void this.#answer(question);
  }

  #answerEarly(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const question of early) void this.#answer(question);
  }

  async #answer(question: Question): Promise<void> {
    try {
      this.#send(await this.#answerTo(question));
    } catch (error) {
      this.#fail(question.id, error);
    }
  }

  async #answerTo(question: Question): Promise<FromStore> {
    const { id } = question;
    if (question.type === 'facts') return { type: 'facts', id, facts: this.#facts() };
    const store = this.#store;
    const desk = this.#desk;
    if (store === null || desk === null)
      throw new QueryRefusedError('unavailable', this.#refusal?.reason ?? 'the store of entries is not open');
    if (question.type === 'query') {
      const { query } = question;
      const answer = await desk.ask((reader, check) => runQuery(reader, store.book.committed, { query, check }));
      return { type: 'answered', id, answer };
    }
    const heard = store.book.heard.get(question.nodeId);
    if (question.type === 'cursorOf') return { type: 'cursor', id, cursor: heard?.cursor ?? '' };
    const diagnostics = heard?.diagnostics ?? null;
    const { nodeId, limit } = question;
    if (diagnostics === null || limit <= 0) return { type: 'words', id, diagnostics, answer: emptyAnswer };
    const query = {
      sinceUs: null,
      untilUs: null,
      nodeId,
      instanceId: null,
      runnerIds: null,
      taskId: null,
      commandId: null,
      limitPerRunner: limit,
    };
    const answer = await desk.ask((reader, check) => runQuery(reader, store.book.committed, { query, check }));
    return { type: 'words', id, diagnostics, answer };
  }

  async #commit(): Promise<void> {
    const appends = this.#takeAppends(maxCommitRows);
    const store = this.#store;
    if (store === null) return;
    try {
      const outcomes = await commitAppends(
        appends.map(({ nodeId, cursor, diagnostics, batch }) => ({
          nodeId,
          cursor,
          diagnostics,
          batch: unpackBatch(batch, this.#none.column),
        })),
        {
          session: store.database.writer,
          book: store.book,
          appender: store.appender,
          nowMs: this.#nowMs,
          hourRows: maxHourRows(this.#settings.retention),
        },
      );
      this.#uncheckedRows += appends.reduce((sum, { batch }) => sum + batch.rows, 0);
      this.#refusal = null;
      this.#backoffMs = firstBackoffMs;
      for (const [at, { id }] of appends.entries()) {
        const { doubles, refused } = outcomes[at] ?? { doubles: 0, refused: 0 };
        this.#send({ type: 'appended', id, doubles, refused });
      }
    } catch (error) {
      for (const { id } of appends) this.#fail(id, error);
      await this.#lose(error);
    }
  }

  /** After a commit: the log into the tables, and what is too much or too old out of them. */
  async #tidy(store: OpenStore): Promise<void> {
    const isFull =
      walBytes(store.database.path) >= maxWalBytes(this.#settings.retention) || this.#uncheckedRows >= maxUncheckedRows;
    try {
      if (isFull) await this.#checkpoint(store);
      if (isFull || this.#retentionDue) await this.#retain(store);
    } catch (error) {
      await this.#lose(error);
    }
  }

  async #checkpoint(store: OpenStore): Promise<void> {
    try {
      await checkpoint(store);
      this.#uncheckedRows = 0;
    } catch (error) {
      // A question still reads what was dropped: the next commit will find it ended.
      if (!/cannot checkpoint/i.test(messageOf(error))) throw error;
    }
  }

  async #retain(store: OpenStore): Promise<void> {
    this.#retentionDue = false;
    const mostDrops = store.book.hours.length;
    for (let drop = 0; drop < mostDrops; drop += 1) {
      const hours = planRetention(
        {
          hours: store.book.hours,
          nowMs: this.#nowMs,
          usedBytes: await usedBytes(store),
          stretches: store.book.stretchCount,
        },
        this.#settings.retention,
      );
      if (hours.length === 0) break;
      if (this.#desk?.pause() !== true) {
        this.#retentionDue = true;
        this.#awaitsDesk = true;
        return;
      }
      await dropHours(store, hours, this.#nowMs);
      await this.#checkpoint(store);
      this.#log('info', 'dropped the oldest stored entries', { hours: hours.join(',') });
    }
    this.#desk?.resume();
  }

  /** The file or the disk has failed us. What was known of it may be wrong, so all is read anew. */
  async #lose(error: unknown): Promise<void> {
    const reason = messageOf(error);
    this.#log('error', 'the store of entries failed', { reason });
    if (isPassing(error) || /fatal/i.test(reason)) this.#refuseFor(reason);
    const store = this.#store;
    this.#store = null;
    await this.#desk?.close();
    this.#desk = null;
    store?.database.close();
  }

  #refuseFor(reason: string): void {
    this.#refusal = { reason, untilMs: performance.now() + this.#backoffMs };
    this.#backoffMs = Math.min(maxBackoffMs, this.#backoffMs * 2);
  }

  #refusedNow(): string | null {
    const refusal = this.#refusal;
    return refusal !== null && performance.now() < refusal.untilMs ? refusal.reason : null;
  }

  /** Until the disk may be tried again, or the store is to close. */
  async #rest(): Promise<void> {
    const restMs = Math.max(0, (this.#refusal?.untilMs ?? 0) - performance.now());
    await new Promise<void>((done) => {
      const timer = setTimeout(done, restMs);
      this.#wake = () => {
        if (this.#closing === null) return;
        clearTimeout(timer);
        done();
      };
      this.#wake();
    });
  }

  #isGathered(): boolean {
    return this.#closing !== null || this.#appendRows >= gatherRows || this.#gathered;
  }

  #untilDue(): Promise<void> {
    return new Promise((done) => {
      this.#wake = () => {
        const canRetain = this.#retentionDue && !this.#awaitsDesk;
        if (canRetain || this.#closing !== null || (this.#appends.length > 0 && this.#isGathered())) done();
      };
      this.#wake();
    });
  }

  #poke(): void {
    this.#wake();
  }

  #takeAppends(mostRows = Number.POSITIVE_INFINITY): AppendRequest[] {
    let count = 0;
    let rows = 0;
    while (count < this.#appends.length && (count === 0 || rows < mostRows)) {
      rows += this.#appends[count]?.batch.rows ?? 0;
      count += 1;
    }
    this.#appendRows -= rows;
    return this.#appends.splice(0, count);
  }

  #facts(): HeldFacts {
    const store = this.#store;
    if (store !== null) {
      const { stretches } = store.book.committed;
      this.#lastFacts = {
        rows: stretches.reduce((sum, { rows }) => sum + rows, 0),
        oldestUs: stretches.reduce<number | null>((oldest, { minUs }) => Math.min(oldest ?? minUs, minUs), null),
        diskBytes: fileBytes(store.database.path),
        problem: null,
      };
    }
    return { ...this.#lastFacts, problem: this.#refusal?.reason ?? this.#notice };
  }

  async #end(id: number): Promise<void> {
    const store = this.#store;
    this.#store = null;
    await this.#desk?.close();
    if (store !== null) {
      await checkpoint(store).catch((error: unknown) =>
        this.#log('warn', 'the log of the stored entries was not moved into its tables', { reason: messageOf(error) }),
      );
      store.database.close();
    }
    this.#send({ type: 'closed', id });
  }

  #fail(id: number, error: unknown): void {
    const kind = error instanceof QueryRefusedError ? error.kind : 'unavailable';
    this.#send({ type: 'failed', id, kind, message: messageOf(error) });
  }

  #log(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.#send({ type: 'log', level, message, fields });
  }
}
