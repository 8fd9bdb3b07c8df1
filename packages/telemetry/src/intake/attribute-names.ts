import { rankAttributes, resourceNames, spanAttributes } from '@rankscope/schema';

/** Written by Pydantic Logfire on a span that it sends before the real one. */
const pendingSpanName = 'logfire.span_type';

/** Where SDKs put the name of an event before log records had a field for it. */
const eventNameAttribute = 'event.name';

/** The attributes that are read, by the names they have here. All others are stepped over. */
export const attributeNames = {
  nodeId: rankAttributes.nodeId,
  runnerId: rankAttributes.runnerId,
  instanceId: rankAttributes.instanceId,
  modelId: rankAttributes.modelId,
  rank: rankAttributes.rank,
  worldSize: rankAttributes.worldSize,
  attempt: rankAttributes.attempt,
  serviceName: resourceNames.serviceName,
  serviceInstanceId: resourceNames.serviceInstanceId,
  hostName: resourceNames.hostName,
  pid: resourceNames.pid,
  phase: spanAttributes.phase,
  state: spanAttributes.state,
  taskId: spanAttributes.taskId,
  commandId: spanAttributes.commandId,
  group: spanAttributes.group,
  barrierSeq: spanAttributes.barrierSeq,
  op: spanAttributes.op,
  layer: spanAttributes.layer,
  bytes: spanAttributes.bytes,
  dtype: spanAttributes.dtype,
  peer: spanAttributes.peer,
  detail: spanAttributes.detail,
  memoryActive: spanAttributes.memoryActive,
  memoryCache: spanAttributes.memoryCache,
  memoryPeak: spanAttributes.memoryPeak,
  errorType: spanAttributes.errorType,
  logfireSpanType: pendingSpanName,
  eventName: eventNameAttribute,
} as const;

export type Attribute = keyof typeof attributeNames;

/** Attributes as small numbers, for arrays: 0 is none. */
export const attributeCodes = Object.fromEntries(
  Object.keys(attributeNames).map((name, index) => [name, index + 1]),
) as Readonly<Record<Attribute, number>>;

export const attributeCount = Object.keys(attributeNames).length + 1;

/** Codes up to here say whose span it is; a span that has one of them is not simply its resource's. */
export const lastIdentityCode = attributeCodes.attempt;

const byText = new Map(Object.entries(attributeNames).map(([name, text]) => [text as string, name as Attribute]));

export function attributeCodeOfText(text: string): number {
  const name = byText.get(text);
  return name === undefined ? 0 : attributeCodes[name];
}

/** Names by length and last letter; those that share both stand in a chain. */
const slotOf = (length: number, last: number) => ((length & 31) << 5) | (last & 31);
const firstInSlot = new Uint8Array(1024);
const nextInSlot = new Uint8Array(attributeCount);
const lengths = new Uint8Array(attributeCount);
/** The letters of each name four at a time, and once more the last four: every name has at least that many. */
const words: Int32Array[] = [new Int32Array(0)];
for (const [name, text] of Object.entries(attributeNames)) {
  const code = attributeCodes[name as Attribute];
  const bytes = Buffer.from(text, 'latin1');
  const slot = slotOf(bytes.length, bytes.at(-1) ?? 0);
  const starts = Array.from({ length: (bytes.length - 1) >> 2 }, (_, i) => i * 4);
  words[code] = Int32Array.from([...starts, bytes.length - 4], (start) => bytes.readInt32LE(start));
  lengths[code] = bytes.length;
  nextInSlot[code] = firstInSlot[slot] ?? 0;
  firstInSlot[slot] = code;
}

/** The code of the name that stands in these bytes; 0 for one that nobody reads. Makes no string. */
export function attributeCodeOf(view: DataView, start: number, length: number): number {
  if (length < 4) return 0;
  let code = firstInSlot[slotOf(length, view.getUint8(start + length - 1))] ?? 0;
  for (; code !== 0; code = nextInSlot[code] ?? 0)
    if (lengths[code] === length && isName(code, view, start)) return code;
  return 0;
}

function isName(code: number, view: DataView, start: number): boolean {
  const name = words[code];
  if (name === undefined) return false;
  const last = name.length - 1;
  // From behind: names begin alike.
  if (view.getInt32(start + (lengths[code] ?? 0) - 4, true) !== name[last]) return false;
  for (let i = last - 1; i >= 0; i -= 1) if (view.getInt32(start + i * 4, true) !== name[i]) return false;
  return true;
}
