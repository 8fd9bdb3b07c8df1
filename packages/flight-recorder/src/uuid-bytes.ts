const uuidPattern = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

export const uuidBytes = 16;

/** Writes a UUID in network order. `field` names it when it is none. */
export function writeUuid(buffer: Buffer, uuid: string, offset: number, field: string): void {
  if (!uuidPattern.test(uuid)) throw new RangeError(`${field} must be a UUID, not '${uuid.slice(0, 64)}'`);
  buffer.write(uuid.replaceAll('-', ''), offset, uuidBytes, 'hex');
}

/** Reads a UUID; null when all its bytes are zero. */
export function readUuid(buffer: Buffer, offset: number): string | null {
  const hex = buffer.toString('hex', offset, offset + uuidBytes);
  if (hex === '00000000000000000000000000000000') return null;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
