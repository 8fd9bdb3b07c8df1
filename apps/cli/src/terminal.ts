import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Where a command writes. Answers go to standard output, everything about them to standard error. */
export interface Terminal {
  readonly isTty: boolean;
  /** Somebody can be asked. */
  readonly canAsk: boolean;
  readonly columns: number;
  readonly rows: number;
  print(line: string): void;
  /** Without a line end, as it is. */
  write(text: string): void;
  tell(line: string): void;
  /** One line of standard error that is rewritten where somebody watches, and a line each elsewhere; '' takes it away. */
  status(text: string): void;
  style(style: Style, text: string): string;
}

/** What terminals are that report a size of nothing, as some do under a supervisor. */
const unknownSize = { columns: 80, rows: 24 } as const;

/** Wide enough for a drawing, narrow enough for a mail; what a pipe gets. */
const pipeColumns = 100;

export function openTerminal(self: NodeJS.Process = process): Terminal {
  const { stdout, stderr, stdin } = self;
  // `rankscope timeline | head` closes the pipe early: that is the reader's right, not our failure.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') self.exit(0);
    throw error;
  });
  return {
    isTty: stdout.isTTY === true,
    canAsk: stdout.isTTY === true && stdin.isTTY === true,
    get columns() {
      return stdout.isTTY ? stdout.columns || unknownSize.columns : pipeColumns;
    },
    get rows() {
      return stdout.isTTY ? stdout.rows || unknownSize.rows : Infinity;
    },
    print: (line) => void stdout.write(`${line}\n`),
    write: (text) => void stdout.write(text),
    tell: (line) => void stderr.write(`${line}\n`),
    status(text) {
      if (stderr.isTTY) stderr.write(`\r\x1b[2K${text.slice(0, (stderr.columns || unknownSize.columns) - 1)}`);
      else if (text !== '') stderr.write(`${text}\n`);
    },
    style: (style, text) => styleText(style, text, { stream: stdout }),
  };
}
