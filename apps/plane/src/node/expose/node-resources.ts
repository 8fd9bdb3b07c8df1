import { readFileSync } from 'node:fs';
import { freemem, totalmem, uptime } from 'node:os';
import type { DiagnosticsProcess, NodeDiagnostics } from '@rankscope/schema';
import { processStateName, readProcessFacts } from '../supervise/process-facts.ts';

/** What is left of this machine's memory. */
export function readResources(): NodeDiagnostics['resources'] {
  const info = readMeminfo();
  const bytes = (name: string) => ({ inBytes: (info.get(name) ?? 0) * 1024 });
  const ramTotal = { inBytes: totalmem() };
  const ramAvailable = info.has('MemAvailable') ? bytes('MemAvailable') : { inBytes: freemem() };
  return { currentMemory: { ramTotal, ramAvailable, swapTotal: bytes('SwapTotal'), swapAvailable: bytes('SwapFree') } };
}

/** KiB by name; empty where there is no /proc. */
function readMeminfo(): Map<string, number> {
  try {
    const lines = readFileSync('/proc/meminfo', 'utf8').matchAll(/^(\w+):\s+(\d+)/gm);
    return new Map([...lines].map(([, name, value]) => [name ?? '', Number(value)]));
  } catch {
    return new Map();
  }
}

export interface ProcessRow {
  readonly pid: number;
  readonly role: string;
  readonly command: string;
}

/** A process as the kernel has it now. The processor's share is that of its whole life, as `ps` has it. */
export function describeProcess({ pid, role, command }: ProcessRow): DiagnosticsProcess {
  const facts = readProcessFacts(pid);
  const elapsedSeconds = facts && Math.max(0.01, uptime() - facts.startedAtSeconds);
  return {
    pid,
    role,
    command,
    parentPid: facts?.parentPid ?? null,
    status: facts && processStateName(facts.state),
    cpuPercent: facts && elapsedSeconds ? round((100 * facts.cpuSeconds) / elapsedSeconds) : null,
    memoryPercent: facts && round((100 * facts.rssBytes) / totalmem()),
    rss: facts && { inBytes: facts.rssBytes },
    elapsedSeconds: elapsedSeconds && round(elapsedSeconds),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
