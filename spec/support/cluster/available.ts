/** Whether network namespaces can be made here, and real Corosync nodes be brought up in them. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { skip } from '../skip.js';

/** Each program with the package it comes in. */
const forNamespaces: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  setpriv: 'util-linux',
  unshare: 'util-linux',
};
const forCluster: Readonly<Record<string, string>> = {
  corosync: 'corosync',
  ...forNamespaces,
  nft: 'nftables',
  nsenter: 'util-linux',
};
const forCapture: Readonly<Record<string, string>> = { ...forCluster, tcpdump: 'tcpdump' };

const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];

/** One line that says what a cluster lacks here, or null. */
export const whyNoCluster = (): string | null => whyNot(forCluster);

/** The same of namespaces alone. */
export const whyNoNamespaces = (): string | null => whyNot(forNamespaces);

/** The same of a cluster whose packets can be recorded. */
const whyNoCapture = (): string | null => whyNot(forCapture);

function whyNot(programs: Readonly<Record<string, string>>): string | null {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
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

/** A `before` hook that skips its suite, and says why. */
const skipping = (why: () => string | null) =>
  function (this: Mocha.Context): void {
    const reason = why();
    if (reason === null) return;
    console.log(`      skipped: ${reason}`);
    skip(this, reason);
  };

export const skipWithoutCluster: (this: Mocha.Context) => void = skipping(whyNoCluster);
export const skipWithoutCapture: (this: Mocha.Context) => void = skipping(whyNoCapture);
export const skipWithoutNamespaces: (this: Mocha.Context) => void = skipping(whyNoNamespaces);
