import { type Assignment, type FromRunner, runnerProtocolVersion, ToRunner } from '@rankscope/schema';
import { z } from 'zod';

/** The assignment is wrong, or never came; the message names the field. */
export class BadAssignmentError extends Error {
  override readonly name = 'BadAssignmentError';
}

/** The half of a child process that talks to its parent. */
export interface IpcProcess {
  send?: ((message: unknown, callback: (error: Error | null) => void) => boolean) | undefined;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

export interface Channel {
  /** Waits for the first `assign`. Rejects with a BadAssignmentError. */
  assignment(deadlineMs: number): Promise<Assignment>;
  /** Never throws: a plane that is gone cannot be told. */
  send(message: FromRunner): void;
  /** Everything after the assignment, in order; what came before this call too. */
  listen(onMessage: (message: ToRunner) => void, onFault: (why: string) => void): void;
  /** One listener at a time: the next one takes its place. */
  onClose(listener: () => void): void;
  /** Settles when all that was sent has been handed to the kernel, or cannot be. */
  flush(): Promise<void>;
}

export function openChannel(ipc: IpcProcess): Channel {
  const early: unknown[] = [];
  let receive: (raw: unknown) => void = (raw) => void early.push(raw);
  let unsent = 0;
  let flushed: (() => void)[] = [];
  let onClosed: () => void = () => undefined;
  ipc.on('message', (raw) => receive(raw));
  ipc.on('disconnect', () => onClosed());

  return {
    assignment: (deadlineMs) =>
      new Promise((resolve, reject) => {
        if (ipc.send === undefined) {
          return reject(
            new BadAssignmentError(
              'A runner is started by a plane and talks to it over an IPC channel; there is none.',
            ),
          );
        }
        const late = () => reject(new BadAssignmentError(`No assignment came within ${deadlineMs} ms.`));
        const timer = setTimeout(late, deadlineMs);
        const take = (raw: unknown): void => {
          if (!isAssign(raw)) return void early.push(raw);
          clearTimeout(timer);
          receive = (later) => void early.push(later);
          try {
            resolve(parseAssignment(raw));
          } catch (error) {
            reject(error);
          }
        };
        receive = take;
        for (const raw of early.splice(0)) take(raw);
      }),
    send(message) {
      if (ipc.send === undefined) return;
      unsent += 1;
      ipc.send(message, () => {
        unsent -= 1;
        if (unsent > 0) return;
        for (const done of flushed) done();
        flushed = [];
      });
    },
    listen(onMessage, onFault) {
      receive = (raw) => {
        const parsed = ToRunner.safeParse(raw);
        if (parsed.success) onMessage(parsed.data);
        else onFault(z.prettifyError(parsed.error));
      };
      for (const raw of early.splice(0)) receive(raw);
    },
    onClose(listener) {
      onClosed = listener;
    },
    flush: () => (unsent === 0 ? Promise.resolve() : new Promise((resolve) => flushed.push(resolve))),
  };
}

function isAssign(raw: unknown): boolean {
  return typeof raw === 'object' && raw !== null && 'type' in raw && raw.type === 'assign';
}

/** Every fault of the assignment, a line each, by the name of its field. */
function parseAssignment(raw: unknown): Assignment {
  const parsed = ToRunner.safeParse(raw);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new BadAssignmentError(
      `The assignment (protocol ${runnerProtocolVersion}) is not usable. ${faults.join('; ')}`,
    );
  }
  if (parsed.data.type !== 'assign') throw new BadAssignmentError('The first message is not an assignment.');
  const { assignment } = parsed.data;
  const { rank, worldSize, hosts, plan } = assignment;
  if (rank >= worldSize)
    throw new BadAssignmentError(`assignment.rank: ${rank} is not below assignment.worldSize, ${worldSize}`);
  if (hosts.length !== worldSize)
    throw new BadAssignmentError(`assignment.hosts: ${hosts.length} of them for ${worldSize} ranks`);
  if (plan === 'single' && worldSize > 1)
    throw new BadAssignmentError(`assignment.plan: single, with ${worldSize} ranks`);
  return assignment;
}
