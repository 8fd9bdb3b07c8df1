import type { AnchorOf } from '../spans/evidence.ts';

/** Something to be delivered, with what hangs from what. */
export interface Parcel<T> {
  readonly payload: T;
  /** Null: nothing hangs from it. */
  readonly spanId: string | null;
  readonly parentSpanId: string | null;
  readonly anchorOf: AnchorOf | null;
  /** Somebody may be waiting for it: sent soon and not with the next full batch. */
  readonly urgent: boolean;
}

export interface QueueFacts {
  readonly queued: number;
  /** Delivered. */
  readonly exported: number;
  /** Given up because there were too many, or because what they hang from was given up. */
  readonly dropped: number;
  /** Refused by the receiver. */
  readonly failed: number;
}

interface Mark {
  readonly key: string;
  readonly reached: () => void;
}

type Item<T> = { readonly parcel: Parcel<T> } | { readonly mark: Mark };

/** Anchors that were given up are remembered so that their children are too; older ones have none any more. */
const keptLostAnchors = 16_384;

/**
 * What waits to be delivered, bounded. When it is full the oldest is given up and counted, in an order that leaves no
 * span without its parent: first what nothing hangs from; when half of what waits are anchors of commands, the oldest of
 * these with all its children; the anchors of an attempt never, there are two a recorder and all later spans need them.
 */
export class ParcelQueue<T> {
  readonly #capacity: number;
  #items: Item<T>[] = [];
  #parcels = 0;
  #commandAnchors = 0;
  #inFlight: { parcels: Parcel<T>[]; marks: Mark[] } | null = null;
  readonly #lostAnchors = new Set<string>();
  #exported = 0;
  #dropped = 0;
  #failed = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get facts(): QueueFacts {
    const queued = this.#parcels + (this.#inFlight?.parcels.length ?? 0);
    return { queued, exported: this.#exported, dropped: this.#dropped, failed: this.#failed };
  }

  push(parcel: Parcel<T>): void {
    if (this.#isOrphan(parcel)) {
      this.#giveUp(parcel);
      return;
    }
    this.#items.push({ parcel });
    this.#parcels += 1;
    this.#commandAnchors += Number(parcel.anchorOf === 'command');
    if (this.#parcels > this.#capacity) this.#makeRoom();
  }

  /** `reached` is called when everything pushed before has been delivered or given up. A newer mark of the key replaces it. */
  mark(key: string, reached: () => void): void {
    for (let at = this.#items.length - 1; at >= 0; at -= 1) {
      const item = this.#items[at];
      if (item === undefined || !('mark' in item)) break;
      if (item.mark.key === key) this.#items.splice(at, 1);
    }
    this.#items.push({ mark: { key, reached } });
  }

  /** The next parcels to deliver, or again those that are not settled; empty when there is nothing. */
  take(max: number): readonly T[] {
    if (this.#inFlight === null) {
      const parcels: Parcel<T>[] = [];
      const marks: Mark[] = [];
      let end = 0;
      for (const item of this.#items) {
        if ('parcel' in item && parcels.length === max) break;
        end += 1;
        if ('mark' in item) marks.push(item.mark);
        else if (this.#isOrphan(item.parcel)) this.#forget(item.parcel);
        else {
          parcels.push(item.parcel);
          this.#uncount(item.parcel);
        }
      }
      this.#items.splice(0, end);
      this.#inFlight = { parcels, marks };
      if (parcels.length === 0) this.delivered();
    }
    return this.#inFlight?.parcels.map(({ payload }) => payload) ?? [];
  }

  delivered(): void {
    this.#exported += this.#inFlight?.parcels.length ?? 0;
    this.#settle();
  }

  /** The receiver does not want what was taken, and will not want it when it is asked again. */
  refused(): void {
    const refused = this.#inFlight?.parcels ?? [];
    this.#failed += refused.length;
    const again = refused.filter(({ anchorOf }) => anchorOf === 'attempt');
    for (const parcel of refused) if (parcel.anchorOf === 'command') this.#lose(parcel);
    this.#settle();
    // It is not there, so sent again it is not there twice.
    this.#items.unshift(...again.map((parcel) => ({ parcel })));
    this.#parcels += again.length;
  }

  #settle(): void {
    const marks = this.#inFlight?.marks ?? [];
    this.#inFlight = null;
    for (const { reached } of marks) reached();
  }

  #makeRoom(): void {
    const manyAnchors = this.#commandAnchors > this.#capacity / 2;
    const wanted: AnchorOf | null = manyAnchors ? 'command' : null;
    const find = (of: AnchorOf | null) =>
      this.#items.findIndex((item) => 'parcel' in item && item.parcel.anchorOf === of);
    const at = find(wanted) >= 0 ? find(wanted) : find('command');
    const [item] = at < 0 ? [] : this.#items.splice(at, 1);
    if (item !== undefined && 'parcel' in item) this.#forget(item.parcel);
  }

  #forget(parcel: Parcel<T>): void {
    this.#uncount(parcel);
    this.#giveUp(parcel);
  }

  #giveUp(parcel: Parcel<T>): void {
    this.#dropped += 1;
    if (parcel.anchorOf !== null) this.#lose(parcel);
  }

  #uncount(parcel: Parcel<T>): void {
    this.#parcels -= 1;
    this.#commandAnchors -= Number(parcel.anchorOf === 'command');
  }

  #lose({ spanId }: Parcel<T>): void {
    if (spanId === null) return;
    this.#lostAnchors.add(spanId);
    const [oldest] = this.#lostAnchors;
    if (this.#lostAnchors.size > keptLostAnchors && oldest !== undefined) this.#lostAnchors.delete(oldest);
  }

  #isOrphan({ parentSpanId }: Parcel<T>): boolean {
    return parentSpanId !== null && this.#lostAnchors.has(parentSpanId);
  }
}
