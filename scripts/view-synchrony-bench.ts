/**
 * How long a view-synchronous group takes to agree on a view with one more member: from the join until every member has
 * the view. The daemon is a process of its own, all members are in this one.
 *
 *   npm run bench:views
 */
import { availableParallelism, loadavg } from 'node:os';
import { Command } from 'commander';
import { integer } from '../lib/cli/values.js';
import { connect, type Connection, type Group } from '../lib/index.js';
import { Server } from './bench/processes.js';

const GROUP = 'agreed';
const options = { viewSynchrony: true } as const;

const { runs } = new Command('view-synchrony-bench')
  .option('--runs <n>', 'joins for each number of members', integer(1), 20)
  .parse()
  .opts<{ readonly runs: number }>();

/** Resolves when every group has a view of that many members. */
async function agreed(groups: readonly Group[], members: number): Promise<void> {
  await Promise.all(
    groups.map(
      (group) =>
        new Promise<void>((resolve) => {
          const look = (): void => {
            if (group.view.members.length !== members) return;
            group.off('view', look);
            resolve();
          };
          group.on('view', look);
          look();
        }),
    ),
  );
}

async function join(connection: Connection): Promise<Group> {
  const group = await connection.join(GROUP, options);
  // Somebody reads it.
  group.on('event', () => undefined);
  return group;
}

async function milliseconds(groups: readonly Group[], newcomer: Connection): Promise<number> {
  const members = groups.length + 1;
  const start = performance.now();
  const [group] = await Promise.all([join(newcomer), agreed(groups, members)]);
  const took = performance.now() - start;
  await group.leave();
  await agreed(groups, groups.length);
  return took;
}

console.log(`${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}, ${runs} joins each`);
console.log('members    median     worst   ms from the join to the view at every member');
await using server = await Server.daemon();
const address = `${server.port}@127.0.0.1`;
const groups: Group[] = [];
const connections: Connection[] = [await connect({ address, name: 'newcomer' })];
const [newcomer] = connections as [Connection];
for (const members of [2, 10, 50, 100]) {
  while (groups.length < members - 1) {
    const connection = await connect({ address, name: `m${groups.length}` });
    connections.push(connection);
    groups.push(await join(connection));
  }
  await agreed(groups, groups.length);
  const times: number[] = [];
  for (let i = 0; i < runs; i++) times.push(await milliseconds(groups, newcomer));
  times.sort((a, b) => a - b);
  const figure = (value = 0): string => value.toFixed(1).padStart(10);
  console.log(`${String(members).padStart(7)}${figure(times[times.length >> 1])}${figure(times.at(-1))}`);
}
await Promise.all(connections.map((connection) => connection.close()));
