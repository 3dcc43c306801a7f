/** Whether real Corosync nodes can be brought up here. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Each program with the package it comes in. */
const programs: Readonly<Record<string, string>> = {
  corosync: 'corosync',
  ip: 'iproute2',
  nft: 'nftables',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  unshare: 'util-linux',
};

const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];

/** One line that says what is missing, or null. */
export function whyNoCluster(): string | null {
  if (process.platform !== 'linux') return 'Corosync nodes need Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const missing = Object.keys(programs).filter(
    (each) => !places.some((place) => existsSync(join(place, each))),
  );
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((each) => programs[each]))];
    return `${missing.join(', ')} missing: apt-get install ${packages.join(' ')}`;
  }
  const { status } = spawnSync('unshare', ['-n', '-m', 'true'], { stdio: 'ignore' });
  return status === 0 ? null : 'this system does not let us make namespaces';
}

function skip(this: Mocha.Context): void {
  const reason = whyNoCluster();
  if (reason === null) return;
  console.log(`      skipped: ${reason}`);
  this.skip();
}

/** A `before` hook that skips its suite, and says why, where there can be no cluster. */
export const skipWithoutCluster: (this: Mocha.Context) => void = skip;
