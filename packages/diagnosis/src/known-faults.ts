/** Faults that people have met, with what helped. */
export interface KnownFault {
  readonly class: string;
  readonly nextStep: string;
}

const table: readonly (KnownFault & { readonly pattern: RegExp })[] = [
  {
    class: 'out_of_memory',
    pattern:
      /out of memory|unable to allocate|bad_alloc|cannot allocate memory|insufficient memory|kIOGPUCommandBufferCallbackErrorOutOfMemory|ENOMEM/i,
    nextStep: 'Give the model more memory: fewer layers on this rank, a smaller context, or one rank more.',
  },
  {
    class: 'gpu_timeout',
    pattern: /GPU Timeout|kIOGPUCommandBufferCallbackErrorTimeout|command buffer execution failed/i,
    nextStep: 'The GPU gave a command buffer up: look for another program that uses it, and shorten the prefill chunk.',
  },
  {
    class: 'wired_limit',
    pattern: /wired limit|iogpu\.wired_limit/i,
    nextStep: 'Raise iogpu.wired_limit_mb on this machine, or give the rank fewer layers.',
  },
  {
    class: 'connection_refused',
    pattern: /ECONNREFUSED|connection refused|couldn't connect/i,
    nextStep: 'The peer does not listen: see whether its rank was started and whether a firewall stands between.',
  },
  {
    class: 'connection_lost',
    pattern: /ECONNRESET|EPIPE|connection reset|broken pipe|socket .* closed|peer closed/i,
    nextStep: 'A peer closed its socket: look at the rank that ended first.',
  },
  {
    class: 'network_unreachable',
    pattern: /ENETUNREACH|EHOSTUNREACH|no route to host|network is unreachable/i,
    nextStep: 'Look at the cable, the interface and the address of the link between the two machines.',
  },
  {
    class: 'address_in_use',
    pattern: /EADDRINUSE|address already in use/i,
    nextStep: 'Another process holds the port: a rank of an earlier attempt may still be ending.',
  },
  {
    class: 'rdma',
    pattern: /jaccl|ibv_|queue pair|RDMA/i,
    nextStep: 'See whether RDMA is enabled on every machine and whether each Thunderbolt link is up.',
  },
  {
    class: 'disk_full',
    pattern: /ENOSPC|no space left/i,
    nextStep: 'Make room on the disk that holds the data directory.',
  },
];

/** The fault that a message speaks of; null for one that nobody has met. */
export function findKnownFault(message: string): KnownFault | null {
  if (message === '') return null;
  return table.find(({ pattern }) => pattern.test(message)) ?? null;
}
