/** A program of the stack is here, or why it is not and the one thing to do about it. */
export type PartOutcome =
  | { readonly kind: 'ready'; readonly path: string }
  | { readonly kind: 'absent'; readonly reason: string; readonly fix: string };

export type Absent = Extract<PartOutcome, { kind: 'absent' }>;
