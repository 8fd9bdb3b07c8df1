/** A command's trace id is its UUID without the dashes, so that nobody has to hand an id on. */
export function traceIdOfCommand(commandId: string): string {
  return commandId.replaceAll('-', '').toLowerCase();
}
