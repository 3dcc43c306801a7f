/** Programs of the system, run to their end: they take milliseconds, and cleaning up must work while the process exits. */
import { spawnSync } from 'node:child_process';

/** @returns what it printed. @throws Error with what it said */
export function system(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.trim() || `status ${status}`}`);
  return stdout;
}

/** Several `ip` commands in one process. @param namespace where; default the root's */
export const ip = (commands: readonly string[], namespace?: string): void => {
  const where = namespace === undefined ? [] : ['-n', namespace];
  system('ip', [...where, '-batch', '-'], `${commands.join('\n')}\n`);
};

/** For cleaning up: the thing may be gone already. */
export function tryIp(...args: readonly string[]): void {
  spawnSync('ip', args, { stdio: 'ignore' });
}
