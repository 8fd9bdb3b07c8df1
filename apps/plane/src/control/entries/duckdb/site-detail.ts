/** What stands before and behind the number in the detail of a collective, as every recorder of ours words it. */
export interface SiteFrame {
  readonly before: string;
  readonly after: string;
}

export interface Site {
  readonly op: string;
  readonly group: number;
  readonly layer: number;
  readonly waitingOn: number;
}

/** Null where no site is described: outside of a collective, or in one without a group. */
export function siteFrame({ op, group, layer, waitingOn }: Site): SiteFrame | null {
  if (op === '' || group < 0) return null;
  const partner = waitingOn < 0 ? '' : ` ${op === 'send' ? 'to' : 'from'} rank ${waitingOn}`;
  return {
    before: op,
    after: `${partner}${group === 0 ? '' : `, group ${group}`}${layer < 0 ? '' : `, layer ${layer}`}`,
  };
}

/** `all_sum 413, layer 12`. */
export function siteDetail({ before, after }: SiteFrame, ordinal: number): string {
  return ordinal < 0 ? before + after : `${before} ${ordinal}${after}`;
}

const space = 32;
const zero = 48;

/**
 * Whether a detail says nothing but what the row's other columns say. Nearly every collective has such a detail, and
 * nearly every one another: kept as texts they would be half of the disk. Compared by hand, because to build the text
 * for each row costs more than all else that is done with the row.
 */
export function saysItsSite(text: string, { before, after }: SiteFrame, ordinal: number): boolean {
  const numberAt = before.length + (ordinal < 0 ? 0 : 1);
  const end = text.length - after.length;
  if (end < numberAt || !text.startsWith(before) || !text.endsWith(after)) return false;
  if (ordinal < 0) return end === numberAt;
  if (text.charCodeAt(before.length) !== space) return false;
  const digits = end - numberAt;
  // Up to 15 digits are exact in a double; a leading zero is another text.
  if (digits < 1 || digits > 15 || (digits > 1 && text.charCodeAt(numberAt) === zero)) return false;
  let number = 0;
  for (let i = numberAt; i < end; i += 1) {
    const digit = text.charCodeAt(i) - zero;
    if (digit < 0 || digit > 9) return false;
    number = number * 10 + digit;
  }
  return number === ordinal;
}
