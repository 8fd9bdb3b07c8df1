import { UsageError } from './usage-error.ts';

export interface UpFlags {
  readonly prompt: string | null;
  readonly exit: boolean;
  readonly noOpen: boolean;
}

/** What `up` itself acts on, and what the plane is given as it was typed: the plane knows its flags, we do not. */
export function splitUpArgs(args: readonly string[]): { own: UpFlags; passedOn: string[] } {
  const own = { prompt: null as string | null, exit: false, noOpen: false };
  const passedOn: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--exit') own.exit = true;
    else if (arg === '--no-open') own.noOpen = true;
    else if (arg.startsWith('--prompt=')) own.prompt = arg.slice('--prompt='.length);
    else if (arg === '--prompt') {
      at += 1;
      own.prompt = args[at] ?? '';
    } else passedOn.push(arg);
  }
  if (own.prompt?.trim() === '') throw new UsageError('--prompt needs a question');
  if (own.prompt !== null && servesNothing(passedOn))
    throw new UsageError('--prompt asks a model and --no-model serves none: leave one out');
  return { own, passedOn };
}

function servesNothing(args: readonly string[]): boolean {
  return args.some(
    (arg, at) => arg === '--no-model' || arg === '--model=none' || (arg === '--model' && args[at + 1] === 'none'),
  );
}
