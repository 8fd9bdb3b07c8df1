import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The native core cannot be had: an outcome, not a crash. `fix` is the one thing to do. */
export class Unavailable extends Error {
  constructor(code, reason, fix) {
    super(reason);
    this.code = code;
    this.fix = fix;
  }
}

/** Is a program on the PATH? Without asking a shell: this runs at every start. */
export function has(program) {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => dir && existsSync(join(dir, program)));
}
