import { z } from './zod.ts';

const id = () => z.string().min(1).max(128);

/** A machine, for as long as its data directory lives. */
export const NodeId = id().brand('NodeId');
export type NodeId = z.infer<typeof NodeId>;

/** One rank's process of one attempt: a restarted rank is another runner. */
export const RunnerId = id().brand('RunnerId');
export type RunnerId = z.infer<typeof RunnerId>;

/** All ranks of one placed model. */
export const InstanceId = id().brand('InstanceId');
export type InstanceId = z.infer<typeof InstanceId>;

/** A UUIDv7. Sorting task ids as text sorts them by the time they were made. */
export const TaskId = z.uuid().brand('TaskId');
export type TaskId = z.infer<typeof TaskId>;

/** A UUIDv7; its 32 hex digits are the trace id of everything done for the command. */
export const CommandId = z.uuid().brand('CommandId');
export type CommandId = z.infer<typeof CommandId>;
