import type { LogFields, LogLevel } from '@rankscope/daemon';
import { unpackBatch } from '../packed-batch.ts';
import { answerQuestion, type Question } from './answer-question.ts';
import { AppendQueue } from './append-queue.ts';
import { commitAppends } from './commit-appends.ts';
import { DiskRefusal } from './disk-refusal.ts';
import type { Gate } from './gate.ts';
import { NoneColumns } from './none-columns.ts';
import { fileBytes, isPassing, messageOf, walBytes } from './open-database.ts';
import { checkpoint, dropHours, type OpenStore, openStore, usedBytes } from './open-store.ts';
import { hourMs, maxHourBytes, maxHourRows, maxWalBytes, planRetention } from './plan-retention.ts';
import { createQueryDesk, type QueryDesk, QueryRefusedError } from './query-desk.ts';
import type { AppendRequest, FromStore, HeldFacts, StoreSettings, ToStore } from './store-messages.ts';

/** One transaction: enough for DuckDB to write whole row groups past its log, little enough to fit its memory. */
const maxCommitRows = 524_288;
/** Rows of large transactions go past the log, so that its size does not tell how many there are. */
const maxUncheckedRows = 2_097_152;

export interface KeeperOptions {
  readonly settings: StoreSettings;
  readonly nowMs: number;
  readonly gate: Gate;
  readonly send: (message: FromStore) => void;
}

/** Owns the file: gathers appends, commits, answers, drops what is too old, and gets over what goes wrong. */
export class Keeper {
  readonly #settings: StoreSettings;
  readonly #gate: Gate;
  readonly #send: (message: FromStore) => void;
  readonly #none = new NoneColumns();
  readonly #queue = new AppendQueue(() => this.#wake());
  readonly #refusal = new DiskRefusal();
  #nowMs: number;
  #store: OpenStore | null = null;
  #desk: QueryDesk | null = null;
  /** Questions that came before the file was open for the first time. */
  #early: (Question | FactsRequest)[] | null = [];
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
    else if (message.type === 'tick') this.#passTime(message.nowMs, true);
    else if (this.#early !== null) this.#early.push(message);
    else void this.#answer(message);
    this.#wake();
  }

  /** The process ends and the gate is shut: what runs in DuckDB is ended, nothing begins. */
  halt(): void {
    this.#store?.database.reader.interrupt();
    this.#store?.database.writer.interrupt();
    this.#gate.settle();
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
      if (this.#queue.isDue || (this.#closing !== null && !this.#queue.isEmpty)) await this.#commit();
      if (this.#store !== null) await this.#tidy(this.#store);
      if (this.#closing !== null && this.#queue.isEmpty) return this.#end(this.#closing);
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
      const reason = messageOf(error);
      this.#log('error', 'the store of entries cannot be opened', { reason });
      this.#refuseWriting(reason);
      this.#answerEarly();
      return false;
    }
    this.#awaitsDesk = false;
    const onPaused = () => {
      this.#awaitsDesk = false;
      this.#wake();
    };
    this.#desk = createQueryDesk({ session: this.#store.database.reader, onPaused });
    this.#uncheckedRows = 0;
    this.#answerEarly();
    return true;
  }

  #takeAppend(request: AppendRequest): void {
    this.#passTime(request.nowMs, false);
    if (this.#refusal.leftMs > 0) this.#fail(request.id, new QueryRefusedError('unavailable', this.#whyNot()));
    else this.#queue.add(request);
  }

  /** With each new hour another may have become too old. */
  #passTime(nowMs: number, isTick: boolean): void {
    if (isTick || Math.floor(nowMs / hourMs) !== Math.floor(this.#nowMs / hourMs)) this.#retentionDue = true;
    this.#nowMs = nowMs;
  }

  #answerEarly(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const question of early) void this.#answer(question);
  }

  async #answer(question: Question | FactsRequest): Promise<void> {
    try {
      this.#send(await this.#answerTo(question));
    } catch (error) {
      this.#fail(question.id, error);
    }
  }

  #answerTo(question: Question | FactsRequest): FromStore | Promise<FromStore> {
    if (question.type === 'facts') return { type: 'facts', id: question.id, facts: this.#facts() };
    if (this.#store === null || this.#desk === null) throw new QueryRefusedError('unavailable', this.#whyNot());
    return answerQuestion(question, this.#store.book, this.#desk);
  }

  async #commit(): Promise<void> {
    const appends = this.#queue.take(maxCommitRows);
    const store = this.#store;
    if (store === null) return;
    try {
      const unpacked = appends.map((append) => ({ ...append, batch: unpackBatch(append.batch, this.#none.column) }));
      const outcomes = await commitAppends(unpacked, {
        session: store.database.writer,
        book: store.book,
        appender: store.appender,
        nowMs: this.#nowMs,
        hourRows: maxHourRows(this.#settings.retention),
      });
      this.#uncheckedRows += appends.reduce((sum, { batch }) => sum + batch.rows, 0);
      this.#refusal.clear();
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
    const { retention } = this.#settings;
    const mostUnchecked = Math.min(maxUncheckedRows, maxHourRows(retention));
    const isFull = walBytes(store.database.path) >= maxWalBytes(retention) || this.#uncheckedRows >= mostUnchecked;
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
      // A question still reads as it was before a table came or went: the next commit will find it ended.
      if (!/cannot checkpoint/i.test(messageOf(error))) throw error;
    }
  }

  async #retain(store: OpenStore): Promise<void> {
    const { retention } = this.#settings;
    this.#retentionDue = false;
    const mostDrops = store.book.hours.length;
    for (let drop = 0; drop < mostDrops; drop += 1) {
      const used = await usedBytes(store);
      store.book.measure(used, maxHourBytes(retention));
      const { hours, stretchCount } = store.book;
      const aged = planRetention({ hours, nowMs: this.#nowMs, usedBytes: used, stretches: stretchCount }, retention);
      if (aged.length === 0) break;
      if (this.#desk?.pause() !== true) {
        this.#retentionDue = true;
        this.#awaitsDesk = true;
        return;
      }
      await dropHours(store, aged, this.#nowMs);
      await this.#checkpoint(store);
      this.#log('info', 'dropped the oldest stored entries', { hours: aged.join(',') });
    }
    this.#desk?.resume();
  }

  /** The file or the disk has failed us. What was known of it may be wrong, so all is read anew. */
  async #lose(error: unknown): Promise<void> {
    const reason = messageOf(error);
    this.#log('error', 'the store of entries failed', { reason });
    if (isPassing(error) || /fatal/i.test(reason)) this.#refuseWriting(reason);
    const store = this.#store;
    this.#store = null;
    await this.#desk?.close();
    this.#desk = null;
    store?.database.close();
  }

  #refuseWriting(reason: string): void {
    this.#refusal.refuse(reason);
    const refused = new QueryRefusedError('unavailable', reason);
    for (const { id } of this.#queue.take(Number.POSITIVE_INFINITY)) this.#fail(id, refused);
  }

  #whyNot(): string {
    return this.#refusal.reason ?? 'the store of entries is being opened again';
  }

  /** Until the disk may be tried again, or the store is to close. */
  #rest(): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, this.#refusal.leftMs);
      this.#wake = () => {
        if (this.#closing === null) return;
        clearTimeout(timer);
        done();
      };
      this.#wake();
    });
  }

  #untilDue(): Promise<void> {
    return new Promise((done) => {
      this.#wake = () => {
        const mayRetain = this.#retentionDue && !this.#awaitsDesk;
        if (mayRetain || this.#closing !== null || this.#queue.isDue) done();
      };
      this.#wake();
    });
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
    return { ...this.#lastFacts, problem: this.#refusal.reason ?? this.#notice };
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

type FactsRequest = Extract<ToStore, { readonly type: 'facts' }>;
