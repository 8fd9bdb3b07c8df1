import { hash } from 'node:crypto';

const traceIdDigits = 32;

/** A command's trace id is its UUID without the dashes, so that nobody has to hand an id on. */
export function traceIdOfCommand(commandId: string): string {
  return commandId.replaceAll('-', '').toLowerCase();
}

/** The trace of what a rank does for no command: connecting, loading, resting. All ranks of an attempt share it. */
export function traceIdOfAttempt(instanceId: string, attempt: number): string {
  return hash('sha256', `${instanceId}|${attempt}`, 'hex').slice(0, traceIdDigits);
}
