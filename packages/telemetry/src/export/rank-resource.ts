import { rankAttributes, resourceNames, serviceIdNamespace, serviceNames } from '@rankscope/schema';
import { v5 as uuidOf } from 'uuid';
import type { Attributes, RecorderIdentity } from '../spans/evidence.ts';

/** What is known of the process and its machine beside what its recorder says. */
export interface RankSurroundings {
  readonly hostName: string;
  /** As OpenTelemetry names it: amd64, arm64. */
  readonly hostArch: string;
  readonly runtimeName?: string;
  readonly runtimeVersion?: string;
  /** Gives way to all that is known. */
  readonly more: Attributes;
}

/** The resource that the rank would have had, had it spoken itself. */
export function rankResource(identity: RecorderIdentity, pid: number | null, around: RankSurroundings): Attributes {
  return {
    ...around.more,
    [resourceNames.serviceName]: serviceNames.runner,
    [resourceNames.serviceInstanceId]: uuidOf(identity.runnerId, serviceIdNamespace),
    [resourceNames.hostName]: around.hostName,
    [resourceNames.hostArch]: around.hostArch,
    ...(pid !== null && { [resourceNames.pid]: pid }),
    ...(around.runtimeName !== undefined && { [resourceNames.runtimeName]: around.runtimeName }),
    ...(around.runtimeVersion !== undefined && { [resourceNames.runtimeVersion]: around.runtimeVersion }),
    [rankAttributes.nodeId]: identity.nodeId,
    [rankAttributes.runnerId]: identity.runnerId,
    [rankAttributes.instanceId]: identity.instanceId,
    [rankAttributes.modelId]: identity.modelId,
    [rankAttributes.rank]: identity.rank,
    [rankAttributes.worldSize]: identity.worldSize,
    [rankAttributes.attempt]: identity.attempt,
  };
}

const archNames: Readonly<Record<string, string>> = { x64: 'amd64', ia32: 'x86', arm: 'arm32' };

/** Node's name of a processor → OpenTelemetry's. */
export function hostArchOf(nodeArch: string): string {
  return archNames[nodeArch] ?? nodeArch;
}
