import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';

/**
 * A UUID that changes with every boot of this machine, so that monotonic times are never compared across one.
 *
 * Linux has one. macOS has one under another name. Elsewhere it is made from the host name and the minute of the boot;
 * that minute can be seen as one or the other by two processes where the boot fell near its turn, which costs those
 * two the comparison of their times and nothing more.
 */
export function readBootId(platform: NodeJS.Platform = process.platform): string {
  if (platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  if (platform === 'darwin') {
    return execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8', timeout: 2_000 })
      .trim()
      .toLowerCase();
  }
  const bootMinute = Math.round((Date.now() / 1000 - uptime()) / 60);
  return deriveUuid(`${hostname()} booted in minute ${bootMinute}`);
}

/** A name-based UUID (version 8: our own hash) of a text. */
export function deriveUuid(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
