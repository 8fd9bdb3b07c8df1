import type { JoinedCluster } from './cluster/join/joined-cluster.ts';
import type { Members } from './control/members/members.ts';

/**
 * What this plane is to its cluster. The leader has the control role. A joined plane never takes it, whatever becomes of
 * its leader: there is never a second one by accident. Peers of a configuration have none.
 */
export type Membership =
  | { readonly role: 'leader'; readonly members: Members }
  | { readonly role: 'joined'; readonly joined: JoinedCluster }
  | { readonly role: 'peers' };
