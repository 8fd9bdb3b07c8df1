import { maxClusterNodes } from '@rankscope/schema';
import { z } from 'zod';

const KeptMember = z.object({
  nodeId: z.string().min(1).max(128),
  url: z.string().nullable(),
  friendlyName: z.string().nullable(),
  version: z.string(),
  incarnation: z.string(),
  bootId: z.string(),
});

/** The leader's list on disk, so that it knows whom to expect before anybody has reported. */
export const KeptMembers = z.object({
  revision: z.int().nonnegative(),
  /** Where the leader itself was, and its name: when they change the nodes have news. */
  leader: z.object({ nodeId: z.string(), url: z.string().nullable(), friendlyName: z.string().nullable() }),
  members: z.array(KeptMember).max(maxClusterNodes),
});
export type KeptMembers = z.infer<typeof KeptMembers>;
