/** Names of phases, events, tasks and recorders are short; what is longer comes from nobody who means well. */
export const maxWordLength = 1_024;

/** A word as it is kept: cut where it is too long, and marked, as a recorder marks what it cuts. */
export function clipWord(text: string): string {
  return text.length <= maxWordLength ? text : `${text.slice(0, maxWordLength - 1)}…`;
}
