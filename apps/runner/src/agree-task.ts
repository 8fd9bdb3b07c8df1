/**
 * What a rank would like for a task: nothing special, or that it end, and why. Ordered: of the wishes of all ranks the
 * highest counts. A text that is complete beats a person's cancel, which beats a clock.
 */
export const endWishes = ['none', 'deadline', 'cancel', 'stop'] as const;
export type EndWish = (typeof endWishes)[number];

export interface Holding {
  readonly taskId: string;
  readonly wish: EndWish;
}

/** What one rank lays on the table. */
export interface Table {
  /** The smallest task ids it holds, sorted. */
  readonly holdings: readonly Holding[];
  /** It has waited for something in common for as long as it will. */
  readonly gaveUp: boolean;
}

export type Agreement =
  | { readonly kind: 'task'; readonly taskId: string; readonly wish: EndWish }
  | { readonly kind: 'nothing' }
  /** Nothing in common for too long: all of these end as failed, wherever they are held. */
  | { readonly kind: 'gave_up'; readonly taskIds: readonly string[] };

/** As many as fit a small message; a rank that holds more shows the smallest, and they are what is wanted next. */
export const tableSlots = 16;
const slotBytes = 17;
export const tableBytes = 2 + tableSlots * slotBytes;

/**
 * The next task: the smallest id that all ranks hold. Task ids are UUIDv7, so this is the oldest. Every rank has the
 * same tables before it and therefore comes to the same answer, in whatever order tasks arrived where.
 *
 * When ranks give up, they drop all that lies on the table and not the oldest alone: a rank that keeps something would
 * stand in the next collective while one that keeps nothing rests at its inbox.
 */
export function agree(tables: readonly Table[]): Agreement {
  const [first, ...others] = tables;
  if (first === undefined) return { kind: 'nothing' };
  const common = first.holdings
    .filter(({ taskId }) => others.every((table) => table.holdings.some((held) => held.taskId === taskId)))
    .map(({ taskId }) => taskId)
    .sort()[0];
  if (common !== undefined) {
    const wishes = tables.flatMap((table) =>
      table.holdings.filter(({ taskId }) => taskId === common).map(({ wish }) => wish),
    );
    return { kind: 'task', taskId: common, wish: strongest(wishes) };
  }
  if (!tables.some(({ gaveUp }) => gaveUp)) return { kind: 'nothing' };
  const all = new Set(tables.flatMap(({ holdings }) => holdings.map(({ taskId }) => taskId)));
  return { kind: 'gave_up', taskIds: [...all].sort() };
}

export function strongest(wishes: readonly EndWish[]): EndWish {
  return endWishes[Math.max(0, ...wishes.map((wish) => endWishes.indexOf(wish)))] ?? 'none';
}

/** Fixed size, as a gather needs it: flags, count, then id and wish of each. */
export function encodeTable({ holdings, gaveUp }: Table): Uint8Array {
  const shown = [...holdings].sort((a, b) => (a.taskId < b.taskId ? -1 : 1)).slice(0, tableSlots);
  const bytes = Buffer.alloc(tableBytes);
  bytes.writeUInt8(gaveUp ? 1 : 0, 0);
  bytes.writeUInt8(shown.length, 1);
  shown.forEach(({ taskId, wish }, index) => {
    const offset = 2 + index * slotBytes;
    bytes.write(taskId.replaceAll('-', ''), offset, 'hex');
    bytes.writeUInt8(endWishes.indexOf(wish), offset + 16);
  });
  return bytes;
}

export function decodeTable(given: Uint8Array): Table {
  const bytes = Buffer.from(given);
  const count = Math.min(bytes.readUInt8(1), tableSlots);
  const holdings = Array.from({ length: count }, (_, index) => {
    const offset = 2 + index * slotBytes;
    return { taskId: formatUuid(bytes, offset), wish: endWishes[bytes.readUInt8(offset + 16)] ?? 'none' };
  });
  return { holdings, gaveUp: bytes.readUInt8(0) === 1 };
}

function formatUuid(bytes: Buffer, offset: number): string {
  const hex = bytes.toString('hex', offset, offset + 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
