import type { NowCell, SlotFacts } from '@rankscope/flight-recorder';
import { type AttrValue, type EntryAttr, entryAttrs, nowCells } from '@rankscope/schema';

export type NumberAttr = Extract<
  EntryAttr,
  | 'group'
  | 'barrierSeq'
  | 'layer'
  | 'bytes'
  | 'evalSeq'
  | 'waitingOn'
  | 'chunkIndex'
  | 'chunkTotal'
  | 'cell'
  | 'dropped'
>;
export type TextAttr = Extract<EntryAttr, 'op' | 'dtype'>;

/** Takes the attributes of one entry, as keys of an object or as columns of a row. */
export interface AttrSink {
  number(name: NumberAttr, value: number): void;
  text(name: TextAttr, value: string): void;
  /** What the runner said beyond its slot, under names that are not ours. */
  given(name: string, value: AttrValue): void;
}

/** What is said of an entry beyond its phase, event, number and time: the one place that reads sense into a slot's fields. */
export function tellAttrs(entry: SlotFacts, dropped: number, sink: AttrSink): void {
  const { op, dtype, barrierSeq, layer, peer, cell } = entry;
  if (op !== null) {
    sink.number('group', entry.group);
    sink.text('op', op);
    if (barrierSeq !== null) sink.number('barrierSeq', barrierSeq);
  }
  if (layer !== null) sink.number('layer', layer);
  if (op !== null) {
    sink.number('bytes', entry.a);
    if (dtype !== null) sink.text('dtype', dtype);
    sink.number('evalSeq', entry.b);
    if (entry.pointToPoint && peer !== null) sink.number('waitingOn', peer);
  } else if (entry.event === 'progress') {
    sink.number('chunkIndex', entry.a);
    sink.number('chunkTotal', entry.b);
  }
  if (cell !== nowCells.taskLoop) sink.number('cell', cell);
  if (dropped > 0) sink.number('dropped', dropped);
  tellGiven(entry, sink);
}

/** A name that is ours is left out: nobody may claim another number or thread for an entry than its slot has. */
function tellGiven({ attrs, attrsLost }: SlotFacts, sink: AttrSink): void {
  let lost = attrsLost;
  for (const [name, value] of attrs === null ? [] : Object.entries(attrs)) {
    if (Object.hasOwn(entryAttrs, name)) lost = true;
    else sink.given(name, value);
  }
  if (lost) sink.given('attrsLost', true);
}

/** What the writer said, else where it was. */
export function describeEntry(entry: SlotFacts): string | null {
  const { text } = entry;
  if (text !== null && text !== '') return entry.textCut ? `${text}…` : text;
  return entry.op === null ? null : describeSite({ ...siteOf(entry), ordinal: entry.barrierSeq });
}

function siteOf({ op, layer, peer, pointToPoint, group }: SlotFacts) {
  return { op, layer, peer, pointToPoint, group };
}

/** `all_sum 413, layer 12` · `recv 88 from rank 0`; null outside of a collective. */
export function describeSite(
  site: Pick<NowCell, 'op' | 'ordinal' | 'layer' | 'peer' | 'pointToPoint' | 'group'>,
): string | null {
  const { op, ordinal, layer, peer, pointToPoint, group } = site;
  if (op === null) return null;
  const number = ordinal === null ? '' : ` ${ordinal}`;
  const partner = pointToPoint && peer !== null ? ` ${op === 'send' ? 'to' : 'from'} rank ${peer}` : '';
  const where = `${group === 0 ? '' : `, group ${group}`}${layer === null ? '' : `, layer ${layer}`}`;
  return `${op}${number}${partner}${where}`;
}
