/** Cases of crowds and of clients that ask for much: what honest clients notice. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '../../../daemon/access/passwords.js';
import type { Case } from '../case.js';
import { prepare } from '../prepared.js';
import { Load, Server } from '../processes.js';
import type { StampedeAnswer, StampedePlan, StampedeRequest } from '../programs/stampede.js';
import type { StormAnswer, StormPlan, StormRequest } from '../programs/storm.js';

/** All connect at one time to a daemon that has just started; first attempts that fail. */
export function stampedeCase(name: string, clients: { quick: number; full: number }): Case {
  return {
    name,
    unit: 'sessions/s',
    first: 1,
    runs: 3,
    async prepare({ daemonOptions, quick }) {
      const count = clients[quick ? 'quick' : 'full'];
      const run = async () => {
        await using server = await Server.daemon(daemonOptions);
        const plan: StampedePlan = { port: server.port, guessers: 0, user: '', password: '' };
        await using load = await Load.start<StampedeRequest, StampedeAnswer>('stampede', plan);
        const { seconds, failed } = await load.ask({ clients: count });
        return { count, seconds, facts: { failed } };
      };
      return { subject: { pids: [], run }, yardstick: null, [Symbol.asyncDispose]: async () => undefined };
    },
  };
}

const USER = 'honest';
const PASSWORD = 'secret';

/** Honest logins one after the other while others guess; the latency is that of a login. */
export function guessersCase(name: string, guessers: number): Case {
  return {
    name,
    unit: 'sessions/s',
    first: 20,
    runs: 5,
    prepare: ({ daemonOptions }) =>
      prepare(async (keep) => {
        const folder = await mkdtemp(join(tmpdir(), 'ssp-bench-'));
        keep({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) });
        const [users, file] = [join(folder, 'users'), join(folder, 'spread.conf')];
        await writeFile(users, `${USER}:${await hashPassword(PASSWORD)}\n`);
        await writeFile(file, configuration(users));
        const server = keep(await Server.daemon(daemonOptions, '-c', file, '-n', 'bench'));
        const plan: StampedePlan = { port: server.port, guessers, user: USER, password: PASSWORD };
        const load = keep(await Load.start<StampedeRequest, StampedeAnswer>('stampede', plan));
        const run = async (clients: number) => {
          const { failed, ...answer } = await load.ask({ clients });
          return { count: clients, ...answer, facts: { failed } };
        };
        return { subject: { pids: [server.pid], run }, yardstick: null };
      }),
  };
}

const configuration = (users: string): string => `
Spread_Segment 127.0.0.255:4899 { bench 127.0.0.1 }
AllowedAuthMethods = "PWORD"
AccessPasswordFile = "${users}"
`;

/** One client joins and leaves as fast as it can write; the daemon must cut off no member. */
export function stormCase(name: string, members: { quick: number; full: number }): Case {
  return {
    name,
    unit: 'changes/s',
    first: 50,
    runs: 5,
    prepare: ({ daemonOptions, quick }) =>
      prepare(async (keep) => {
        const server = keep(await Server.daemon(daemonOptions));
        const plan: StormPlan = { port: server.port, members: members[quick ? 'quick' : 'full'] };
        const load = keep(await Load.start<StormRequest, StormAnswer>('storm', plan));
        const run = async (changes: number) => {
          const { seconds, cutOff } = await load.ask({ changes });
          return { count: changes, seconds, facts: { cutOff } };
        };
        return { subject: { pids: [server.pid], run }, yardstick: null };
      }),
  };
}
