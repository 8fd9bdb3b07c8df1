import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { parseRingHeader, RingFormatError, type RingHeader } from './ring-header.ts';
import { headerAt, headerBytes } from './ring-layout.ts';

/** The file under a reader is another one than the reader was opened on, or its cursor is for. */
export class RingReplacedError extends Error {
  override readonly name = 'RingReplacedError';
}

/**
 * A ring file opened for reading. By positioned reads and never by a mapping: a file that is cut short under a mapping
 * kills the reader with SIGBUS, under `pread` it is an error with a name.
 */
export class RingFile {
  readonly path: string;
  readonly header: RingHeader;
  readonly #fd: number;
  readonly #inode: string;
  readonly #identity: Buffer;
  readonly #fresh = Buffer.alloc(headerAt.mainHead);
  #open = true;

  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'r');
    try {
      const { size, dev, ino } = fstatSync(this.#fd);
      this.#inode = `${dev}:${ino}`;
      const bytes = Buffer.alloc(headerBytes);
      const length = readSync(this.#fd, bytes, 0, headerBytes, 0);
      this.header = parseRingHeader(bytes.subarray(0, length), size, path);
      this.#identity = bytes.subarray(0, headerAt.mainHead);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** Fills the first `length` bytes of `buffer`. */
  read(buffer: Buffer, length: number, position: number): void {
    const done = this.readAsFarAsItGoes(buffer, length, position);
    if (done < length)
      throw new RingFormatError(`${this.path}: ends at ${position + done}; it was cut short while it was read`);
  }

  /** The same, and says how many bytes there were: for the end of the file, whose loss is no loss of entries. */
  readAsFarAsItGoes(buffer: Buffer, length: number, position: number): number {
    if (!this.#open) throw new Error(`${this.path}: the reader is closed`);
    let done = 0;
    while (done < length) {
      const got = readSync(this.#fd, buffer, done, length - done, position + done);
      if (got === 0) break;
      done += got;
    }
    return done;
  }

  /** Throws when the path, or the file itself, now belongs to another ring. A file that was deleted is still read. */
  refuseReplaced(): void {
    this.read(this.#fresh, this.#fresh.length, 0);
    const there = statSync(this.path, { throwIfNoEntry: false });
    const sameFile = there === undefined || `${there.dev}:${there.ino}` === this.#inode;
    if (sameFile && this.#fresh.equals(this.#identity)) return;
    throw new RingReplacedError(
      `${this.path} is no longer the ring of ${this.header.ring}; open a new reader and start at 0`,
    );
  }

  close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }
}
