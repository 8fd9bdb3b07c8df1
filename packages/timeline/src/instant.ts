import { formatTimestamp, parseTimestampUs } from '@rankscope/schema';

/**
 * Reads RFC 3339 times as microseconds since the epoch, remembering the last second it met.
 *
 * A timeline holds hundreds of thousands of times and neighbours share their second, so all but the first of each
 * second cost six digits instead of a date.
 */
export function createInstantReader(): (text: string) => number {
  let prefix = '';
  let prefixUs = 0;
  return (text) => {
    if (!isCanonical(text)) return parseTimestampUs(text);
    if (!text.startsWith(prefix) || prefix === '') {
      prefix = text.slice(0, 20);
      prefixUs = parseTimestampUs(`${prefix}000000Z`);
    }
    return prefixUs + Number(text.slice(20, 26));
  };
}

/** As we write times: UTC, six digits, `Z`. Other producers write `+00:00`, or leave out a fraction of zero. */
export function canonicalTimestamp(text: string): string {
  return isCanonical(text) ? text : formatUs(parseTimestampUs(text));
}

export function formatUs(us: number): string {
  return formatTimestamp(BigInt(Math.round(us)) * 1000n);
}

function isCanonical(text: string): boolean {
  return text.length === 27 && text[19] === '.' && text[26] === 'Z';
}
