/**
 * Ends a command whose `ssp` was killed: with SIGKILL nothing of `ssp` can run any more, and the lock passes on while the
 * command still works. A shell waits at the end of a pipe for that, which only the death of `ssp` closes without a word.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/** Reads the process group, then the word that all is well; at the end of the input without it, ends the group. */
const script = (graceSeconds: number): string => `
read -r group || exit 0
read -r word && exit 0
kill -s TERM -- "-$group" || exit 0
left=${graceSeconds}
while [ "$left" -gt 0 ] && kill -s 0 -- "-$group"; do sleep 1; left=$((left - 1)); done
kill -s KILL -- "-$group"
`;

export class Guard {
  private readonly shell: ChildProcessByStdio<Writable, null, null> | null;
  private watches = false;

  /** @param graceMs between SIGTERM and SIGKILL, in whole seconds */
  constructor(graceMs: number) {
    this.shell = process.platform === 'win32' ? null : startShell(script(Math.ceil(graceMs / 1_000)));
  }

  /** @param group its processes are ended when this process dies */
  watch(group: number): void {
    this.watches = true;
    this.shell?.stdin.write(`${group}\n`);
  }

  /** The command has ended, or never began. */
  dismiss(): void {
    this.shell?.stdin.end(this.watches ? 'ended\n' : '');
  }
}

/** In a session of its own, so that what ends this process does not end it, too. */
function startShell(text: string): ChildProcessByStdio<Writable, null, null> {
  const shell = spawn('/bin/sh', ['-c', text], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // Without a shell on this machine there is no guard.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return shell;
}
