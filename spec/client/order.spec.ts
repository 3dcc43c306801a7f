import { expect } from 'chai';
import type { Connection } from '../../lib/client/connection.js';
import type { ConnectionEvent } from '../../lib/index.js';
import { read, within, word, ClientWorld } from './support.js';

/** Everything that the connection hears, until `count` messages are there. */
function record(connection: Connection, count: number): Promise<string[]> {
  const lines: string[] = [];
  let left = count;
  return within(
    new Promise((resolve) => {
      connection.on('event', (event) => {
        lines.push(line(event));
        if (event.kind === 'data' && --left === 0) resolve(lines);
      });
    }),
    `${count} messages`,
  );
}

const line = (event: ConnectionEvent): string =>
  event.kind === 'data' ? `${event.groups.join()} ${event.sender} ${event.text}` : word(event);

describe('the order of a connection', () => {
  it('is one for all groups and private messages, in a loop over it', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const loop = read(a, 7);
    const red = await a.join('red');
    await a.join('blue');
    await b.send('red', '1');
    await b.sendTo('a', '2');
    await b.send('blue', '3');
    await b.send(['blue', 'red'], '4');
    await b.send('blue', '5');
    expect(await loop).to.deep.equal(['join a +a', 'join a +a', '1', '2', '3', '4', '5']);
    expect(await read(red, 3), 'and each group has its part').to.deep.equal(['join a +a', '1', '4']);
  });

  it('is the same for all members, whoever sends and however', async () => {
    await using world = await ClientWorld.start();
    const names = ['a', 'b', 'c'];
    const connections = await Promise.all(names.map((name) => world.connect(name)));
    for (const connection of connections) {
      for (const name of ['red', 'blue']) (await connection.join(name)).on('event', () => undefined);
    }
    const each = 200;
    const records = connections.map((connection) => record(connection, each * connections.length));
    const sends = connections.flatMap((connection) =>
      Array.from({ length: each }, (_, i) => {
        const groups = [['red'], ['blue'], ['red', 'blue']][i % 3] as string[];
        return connection.send(groups, `${i}`, { service: i % 2 === 0 ? 'agreed' : 'safe' });
      }),
    );
    await Promise.all(sends);
    const [first, ...others] = await Promise.all(records);
    const messages = first?.filter((text) => text.includes('#')) ?? [];
    expect(messages).to.have.length(each * connections.length);
    for (const other of others) expect(other.filter((text) => text.includes('#'))).to.deep.equal(messages);
  });

  it('has views at the same place for all who see them', async () => {
    await using world = await ClientWorld.start();
    const [a, b, c] = [await world.connect('a'), await world.connect('b'), await world.connect('c')];
    const [one, two] = [await a.join('room'), await b.join('room')];
    const churn = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) await (await c.join('room')).leave();
    };
    const talk = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) await two.send(String(i));
    };
    await Promise.all([churn(), talk()]);
    await two.send('end');
    // The first has one view more, its own.
    const count = 2 + 20 + 101;
    expect((await read(one, count)).slice(2)).to.deep.equal((await read(two, count - 1)).slice(1));
  });
});
