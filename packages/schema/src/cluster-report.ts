import { NodeId } from './ids.ts';
import { Timestamp } from './timestamp.ts';
import { z } from './zod.ts';

/** The leader holds a report at most so long before it answers that nothing has changed. */
export const reportHoldMs = 3_000;
/** A node that has not reported for so long is no longer counted as there. */
export const reportSilenceMs = 5_000;
/** Nodes of one cluster. */
export const maxClusterNodes = 256;

const PlaneUrl = z.url({ protocol: /^https?$/ }).max(2_048);

/** A node of the cluster as the leader tells of it. */
export const ClusterPeer = z
  .object({
    nodeId: z.string().min(1).max(128),
    /**
     * Where its plane is reached. Null where the one who tells does not know: a leader that is bound to every address,
     * or a node whose last address belongs to another by now.
     */
    url: PlaneUrl.nullable(),
    friendlyName: z.string().max(128).nullable(),
    /** Since when it has reported without a gap. Null: the leader itself, or a node that is silent. */
    reportsSince: Timestamp.nullable(),
  })
  .meta({ id: 'ClusterPeer' });
export type ClusterPeer = z.infer<typeof ClusterPeer>;

/** What a plane tells its leader, over and over: I am here, this is where, that is what I know of the cluster. */
export const ClusterReport = z
  .strictObject({
    nodeId: NodeId,
    /** UUID made when the plane's process began: a plane that started anew is another one under the same node id. */
    incarnation: z.uuid(),
    /** A machine that booted anew is told from a plane that started anew. */
    bootId: z.string().max(128),
    /** Null: bound to every address, so the leader takes the address that the report came from. */
    url: PlaneUrl.nullable(),
    port: z.int().min(1).max(65_535),
    friendlyName: z.string().max(128).nullable(),
    version: z.string().max(64),
    /** Revision of the cluster's list that the node has; the leader answers at once when it has another. */
    revision: z.int().nonnegative(),
    /** The plane is going and does not want to be expected any more. */
    leaving: z.boolean().default(false),
  })
  .meta({ id: 'ClusterReport' });
export type ClusterReport = z.infer<typeof ClusterReport>;

/** Orders for a node are part of the answer once there is somebody who gives them; until then there are none. */
export const ClusterReportAnswer = z
  .object({
    masterNodeId: z.string(),
    revision: z.int().nonnegative(),
    /** Everybody, the leader and the node itself included; with every answer, so that `reportsSince` is of now. */
    peers: z.array(ClusterPeer).max(maxClusterNodes),
  })
  .meta({ id: 'ClusterReportAnswer' });
export type ClusterReportAnswer = z.infer<typeof ClusterReportAnswer>;

/** What a plane knows of its cluster without asking anybody. */
export const ClusterNodes = z
  .object({
    localNodeId: z.string(),
    masterNodeId: z.string().nullable(),
    /** `leader` of its own cluster, `joined` to another's, or one of several `peers` without a leader. */
    role: z.enum(['leader', 'joined', 'peers']),
    /** Of a joined plane: how it stands with its leader. Of any other: null. */
    leader: z
      .object({
        url: z.string(),
        answers: z.boolean(),
        /** Since when that is so. */
        since: Timestamp,
        /** Why it does not answer, or why it refuses. */
        error: z.string().nullable(),
      })
      .nullable(),
    nodes: z.array(ClusterPeer),
  })
  .meta({ id: 'ClusterNodes' });
export type ClusterNodes = z.infer<typeof ClusterNodes>;

/** Header of `/node_id`: which process answers under the node's id. */
export const incarnationHeader = 'x-rankscope-incarnation';
