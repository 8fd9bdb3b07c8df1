import { createHash } from 'node:crypto';
import type { EntrySource } from '@rankscope/schema';
import { type Attribute, attributeCodes, attributeNames } from './attribute-names.ts';
import { type AttributeValues, valueKinds } from './attribute-values.ts';
import type { BatchTexts } from './batch-texts.ts';

/** Longest id, as everywhere in Rankscope. */
export const maxIdLength = 128;
/** No cluster has more ranks; a larger number is a mistake and must not become a list of that length. */
const maxWorldSize = 65_536;

/** UUIDv5 name space of the runner ids that are made here. */
const runnerNamespace = Buffer.from('7f1f6f0a51d85a3fa3a0c3a1a3f5b0de', 'hex');

export type Identity =
  | { readonly kind: 'rank'; readonly source: EntrySource }
  /** Not a rank's: taken, counted and not shown. */
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly reason: string };

/** Two sets of attributes, of which the first is asked first. */
export interface IdentityInput {
  readonly span: AttributeValues | null;
  readonly resource: AttributeValues;
  readonly texts: BatchTexts;
}

/** Whose span it is, by the attributes of the public convention; what is not said has a stated default. */
export function identityOf(input: IdentityInput): Identity {
  const rank = wholeNumber(input, 'rank', maxWorldSize - 1);
  if (rank === null) return { kind: 'none' };
  const worldSize = wholeNumber(input, 'worldSize', maxWorldSize);
  const attempt = wholeNumber(input, 'attempt', Number.MAX_SAFE_INTEGER);
  const fault = [rank, worldSize, attempt].find((value) => typeof value === 'string');
  if (fault !== undefined) return { kind: 'refused', reason: String(fault) };
  const deviceRank = Number(rank);
  if (worldSize !== null && Number(worldSize) <= deviceRank)
    return { kind: 'refused', reason: `${attributeNames.worldSize} is ${worldSize}, but the rank is ${rank}` };

  const serviceName = id(input, 'serviceName');
  const hostName = id(input, 'hostName');
  const nodeId = id(input, 'nodeId') ?? hostName ?? 'unknown-host';
  const instanceId = id(input, 'instanceId') ?? serviceName ?? 'unknown_service';
  const runnerId =
    id(input, 'runnerId') ??
    derivedRunnerId([
      serviceName ?? '',
      id(input, 'serviceInstanceId') ?? `${nodeId} ${id(input, 'pid') ?? ''}`,
      String(rank),
      String(attempt ?? 1),
    ]);
  const source: EntrySource = {
    nodeId,
    runnerId,
    instanceId,
    modelId: id(input, 'modelId') ?? 'unknown',
    deviceRank,
    worldSize: worldSize === null ? deviceRank + 1 : Number(worldSize),
    attempt: Number(attempt ?? 1),
    recorder: '',
  };
  const long = [nodeId, runnerId, instanceId, source.modelId].find((text) => text.length > maxIdLength);
  if (long === undefined) return { kind: 'rank', source };
  return { kind: 'refused', reason: `an id is longer than ${maxIdLength} characters: ${long.slice(0, 32)}…` };
}

function valuesOf({ span, resource }: IdentityInput, attribute: Attribute): AttributeValues | null {
  const code = attributeCodes[attribute];
  if (span !== null && span.kind(code) !== valueKinds.none) return span;
  return resource.kind(code) === valueKinds.none ? null : resource;
}

/** A text, or a number as text: null when there is none, or an empty one. */
function id(input: IdentityInput, attribute: Attribute): string | null {
  const code = attributeCodes[attribute];
  const values = valuesOf(input, attribute);
  if (values?.kind(code) === valueKinds.number) return String(values.number(code));
  if (values?.kind(code) !== valueKinds.text) return null;
  const text = input.texts.at(values.text(code));
  return text === '' ? null : text;
}

/** Whole numbers come as such or as digits: what `OTEL_RESOURCE_ATTRIBUTES` sets is always text. A string is a fault. */
function wholeNumber(input: IdentityInput, attribute: Attribute, max: number): number | string | null {
  const code = attributeCodes[attribute];
  const values = valuesOf(input, attribute);
  if (values === null) return null;
  const found = numberIn(values, code, input.texts);
  if (found !== null && found >= (attribute === 'worldSize' ? 1 : 0) && found <= max) return found;
  const shown =
    values.kind(code) === valueKinds.text
      ? JSON.stringify(input.texts.at(values.text(code)).slice(0, 32))
      : values.kind(code) === valueKinds.number
        ? String(values.number(code))
        : 'neither a number nor a text';
  return `${attributeNames[attribute]} is ${shown}, it must be a whole number`;
}

/** A whole number that stands as a number or as digits; null for anything else. */
export function numberIn(values: AttributeValues, code: number, texts: BatchTexts): number | null {
  const kind = values.kind(code);
  if (kind === valueKinds.number) {
    const value = values.number(code);
    return Number.isSafeInteger(value) ? value : null;
  }
  if (kind !== valueKinds.text) return null;
  const text = texts.at(values.text(code));
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

const derived = new Map<string, string>();
/** Ids that were derived lately: every request of a process asks for the same one. */
const maxDerived = 8192;

/** The same for the same process and rank, whoever receives it and whenever: a UUIDv5. */
function derivedRunnerId(parts: readonly string[]): string {
  const name = JSON.stringify(parts);
  const known = derived.get(name);
  if (known !== undefined) return known;
  const hash = createHash('sha1').update(runnerNamespace).update(name).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  if (derived.size >= maxDerived) derived.clear();
  derived.set(name, id);
  return id;
}
