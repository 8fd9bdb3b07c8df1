import type { Finding } from './finding.ts';
import { findKnownFault } from './known-faults.ts';

/** FNV-1a over UTF-16 code units, twice with different beginnings: 64 bits, the same on every machine and for ever. */
function hash(text: string): string {
  const once = (start: number) => {
    let value = start;
    for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x0100_0193) >>> 0;
    return value.toString(16).padStart(8, '0');
  };
  return once(0x811c_9dc5) + once(0x1234_5678);
}

const layersPerClass = 8;

/** The same for two incidents of one fault: code, phase, op, class of layer, class of error. Not who, and not when. */
export function fingerprintOf(finding: Finding, errors: readonly string[]): string {
  const enter = finding.site?.enter;
  const layer =
    enter === null || enter === undefined || enter.layer < 0 ? 'none' : Math.floor(enter.layer / layersPerClass);
  const error = errors.flatMap((message) => findKnownFault(message)?.class ?? []).sort()[0] ?? 'none';
  return hash(
    JSON.stringify([finding.code, finding.subreason ?? finding.site?.phase ?? null, enter?.op ?? null, layer, error]),
  );
}
