/** What a rig has left whose process was killed: its names tell the owner, and that owner is gone. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownerOf } from './names.js';
import { system, tryIp } from './system.js';

/** Work folders are named so, with the owner behind it. */
export const FOLDER_PREFIX = 'ssp-cluster-';

const isOrphan = (owner: number | null): boolean => owner !== null && !existsSync(`/proc/${owner}`);

/** Ends the processes and removes the devices, namespaces and folders of owners that are gone. */
export function removeLeftovers(): void {
  const namespaces = namesOf(['netns', 'list'], /^(\S+)/gm);
  for (const name of namespaces.filter((each) => isOrphan(ownerOf(each)))) {
    for (const pid of system('ip', ['netns', 'pids', name]).split('\n')) kill(Number(pid));
    tryIp('netns', 'del', name);
  }
  const devices = namesOf(['-o', 'link', 'show'], /^\d+: ([^:@]+)/gm);
  for (const name of devices.filter((each) => isOrphan(ownerOf(each)))) tryIp('link', 'del', name);
  for (const name of readdirSync(tmpdir())) {
    const [, owner] = FOLDER.exec(name) ?? [];
    if (owner === undefined || !isOrphan(Number(owner))) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true, maxRetries: 5 });
  }
}

const FOLDER = new RegExp(`^${FOLDER_PREFIX}(\\d+)-`);

const namesOf = (args: readonly string[], form: RegExp): string[] =>
  [...system('ip', args).matchAll(form)].map(([, name = '']) => name);

function kill(pid: number): void {
  if (pid <= 1) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
