/** A daemon of this process on a free port, for specs that play its clients. */
import { createDaemon, type Daemon, type DaemonOptions } from '../../daemon/index.js';
import { RawSession } from './raw-client.js';
import { until } from './wait.js';

export const startDaemon = async (options: DaemonOptions = {}): Promise<Daemon> =>
  await createDaemon({ name: 'dmn1', listen: [{ host: '127.0.0.1', port: 0 }], ...options });

/** Resolves when every connection is gone. */
export const deserted = async (daemon: Daemon): Promise<void> =>
  await until(() => daemon.sessions === 0, `${daemon.sessions} sessions to end`);

/** Sessions of these names that are members of the group and have taken the views of all the joins. */
export async function connectMembers(
  daemon: Daemon,
  group: string,
  ...names: readonly string[]
): Promise<RawSession[]> {
  const sessions: RawSession[] = [];
  for (const name of names) {
    const session = await RawSession.connect(daemon.port, name);
    session.join(group);
    await session.next();
    for (const before of sessions) await before.next();
    sessions.push(session);
  }
  return sessions;
}
