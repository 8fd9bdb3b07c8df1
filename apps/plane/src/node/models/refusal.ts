/** Why there is no model, and what to do about it. */
export interface Refusal {
  readonly kind: 'refused';
  readonly reason: string;
  readonly fix: string;
  /** The download was what failed: a model that needs none would still do. */
  readonly network: boolean;
}

export function refuse(reason: string, fix: string, from: { network: boolean } = { network: false }): Refusal {
  return { kind: 'refused', reason, fix, network: from.network };
}
