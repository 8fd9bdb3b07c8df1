import { statfsSync } from 'node:fs';

const mebibyte = 1024 * 1024;
/** Per rank: its recorder (65,536 + 4,096 + 1,024 slots), its supervisor's, and the most its log may grow to. */
export const bytesPerRank = 14 * mebibyte;

export interface DiskNeed {
  readonly path: string;
  readonly freeBytes: number;
  readonly ranks: number;
}

/** Why the recorders will not fit, with what helps; null when they will. */
export function findDiskShortage({ path, freeBytes, ranks }: DiskNeed): string | null {
  const missing = ranks * bytesPerRank - freeBytes;
  if (missing <= 0) return null;
  const mib = (bytes: number) => `${Math.ceil(bytes / mebibyte)} MiB`;
  const need = `the recorders and logs of ${ranks} ranks need ${mib(ranks * bytesPerRank)} at ${path}`;
  return `${need}, ${Math.floor(freeBytes / mebibyte)} MiB are free: free ${mib(missing)} there, or choose another place with --data DIR.`;
}

/** Bytes that this user may still write there; "plenty" where the system does not say. */
export function readFreeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
