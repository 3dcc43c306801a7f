/** A process of an application: finds the daemon of this machine, takes part in an election, and tells what happens. */
import { connectHere } from '../../../lib/adapters/cluster-process/index.js';
import { election } from '../../../lib/recipes/index.js';

const [name = 'w', app, dir] = process.argv.slice(2);
const say = (...words: readonly unknown[]): void => console.log(name, ...words);

const connection = await connectHere({ name, ...(app && { app, dir }) });
connection.on('close', (error) => {
  say('closed', error ? 'lost' : 'closed here');
  // Nothing else keeps the process.
  process.stdin.destroy();
});
connection.on('reconnecting', () => say('lost'));
connection.on('resumed', () => say('back', connection.isHost ? 'host' : 'guest'));
const leaders = await election(connection, 'leader');
leaders.on('elected', ({ leader }) => say('leader', leader));
const room = await connection.join('room');
room.on('event', (event) => {
  if (event.kind === 'data') say('got', event.text);
  else if (event.kind === 'view') say('members', event.members.length);
  else if (event.kind === 'gap') say('gap', event.reason);
});
say('ready', connection.isHost ? 'host' : 'guest', connection.scope);
process.stdin.on('data', (text) => {
  if (String(text) === 'end\n') void connection.close();
  else void room.send(String(text).trim());
});
