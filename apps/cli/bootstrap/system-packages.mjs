// What `npm test` needs of the machine. As root on Debian it installs what is missing and says so; elsewhere it prints
// the one command and stops. `npm start` never comes here.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;

const needs = [
  { when: () => !has('g++') && !has('clang++'), packages: ['g++'], why: 'to compile the native core' },
  { when: () => !has('cmake'), packages: ['cmake'], why: 'to compile the native core' },
  { when: () => !has('make') && !has('ninja'), packages: ['make'], why: 'to compile the native core' },
  {
    when: () => spawnSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' }).status !== 0,
    packages: ['python3', 'python3-pip'],
    why: 'to fetch MLX',
  },
  { when: () => !existsSync('/usr/bin/chromium'), packages: ['chromium'], why: 'to test the page' },
  { when: () => !has('ip'), packages: ['iproute2'], why: 'to make test hosts' },
  {
    when: () => !has('prometheus') || !has('promtool'),
    packages: ['prometheus'],
    why: 'to test metrics, alerts and dashboards',
    services: ['prometheus.service'],
  },
];

/** Debian asks this program before it starts a service; 101 says no. */
const policy = '/usr/sbin/policy-rc.d';

/** Installs without starting anything: a Prometheus of the system's own would take a port and scrape for ever. */
function withoutStarting(install) {
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    if (ours) rmSync(policy);
  }
}

function disabling(service) {
  return `systemctl --quiet disable ${service}`;
}

export function ensureSystemPackages() {
  const missing = needs.filter((need) => need.when());
  if (missing.length === 0) return;
  const packages = missing.flatMap((need) => need.packages);
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const able = process.getuid?.() === 0 && has('apt-get');
  console.error(
    `rankscope: missing on this machine: ${missing.map((m) => `${m.packages.join(', ')} (${m.why})`).join('; ')}`,
  );
  if (!able) {
    console.error(`rankscope: install them as root, then run this again:\n  apt-get update && ${command}`);
    process.exit(1);
  }
  console.error(`rankscope: ${command} …`);
  const options = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  // Nor at the next boot: only tests use what is installed here, and they start it themselves.
  const disable = has('systemctl') ? missing.flatMap(({ services = [] }) => services.map(disabling)) : [];
  const failed = withoutStarting(() =>
    ['apt-get update -q', `${command} -q`, ...disable].find(
      (line) => spawnSync('sh', ['-c', line], options).status !== 0,
    ),
  );
  if (failed === undefined) return;
  console.error(`rankscope: failed: ${failed}`);
  process.exit(1);
}
