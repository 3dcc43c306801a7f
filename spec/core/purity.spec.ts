import { Buffer } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { encodeMessage } from '../../lib/wire/request.js';
import { AGREED_MESS, FIFO_MESS, SAFE_MESS, SELF_DISCARD } from '../../lib/wire/service.js';
import { repositoryRoot } from '../support/recordings.js';
import { type Client, remote, CoreWorld } from './core-world.js';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const GROUPS = ['g', 'h', 'G', 'i'];
const DAEMONS = ['one', 'two', 'three'];

type Step = readonly [what: string, who: number, where: number, size: number];

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom('join', 'leave', 'send', 'multi', 'private', 'disconnect', 'remote', 'turn', 'open'),
  fc.nat({ max: NAMES.length - 1 }),
  fc.nat({ max: GROUPS.length - 1 }),
  fc.constantFrom(0, 10, 5000),
);

/** Everything that comes out of a core: payloads for the order, and bytes for each session, in sequence. */
function trace(steps: readonly Step[]): string {
  const world = new CoreWorld('two', DAEMONS);
  const out: string[] = [];
  const clients = new Map<number, Client>();
  const all: Client[] = [];
  const services = [AGREED_MESS, SAFE_MESS, FIFO_MESS | SELF_DISCARD];

  const turn = (): void => {
    world.core.flush();
    for (const { payload, safe } of world.order.take()) {
      out.push(`${safe ? 'safe' : 'agreed'} ${payload.toString('hex')}`);
      world.core.deliver(payload);
    }
    for (const client of all) {
      out.push(`${client.name} ${client.inbox.closed}`);
      for (const { bytes, messages } of client.inbox.calls) out.push(`${messages} ${bytes.toString('hex')}`);
      client.inbox.calls.length = 0;
    }
  };

  for (const [what, who, where, size] of steps) {
    const group = GROUPS[where] as string;
    const client = clients.get(who);
    if (what === 'turn') turn();
    else if (what === 'remote') {
      const other = remote(NAMES[who] as string, who % 2 === 0 ? 'one' : 'three');
      const frames = [other.join(group), other.send('r', [group]), other.leave(group), other.disconnect()];
      world.deliver(frames[size % 4] as Buffer);
    } else if (what === 'open' && !client && world.core.roster.reserve(NAMES[who] as string) !== -6) {
      world.core.roster.release(`#${NAMES[who]}#two`);
      const opened = world.open(NAMES[who] as string, where !== 0);
      clients.set(who, opened);
      all.push(opened);
    } else if (client) {
      const groups = { send: [group], multi: GROUPS, private: [`#${NAMES[where]}#two`] }[what];
      const frame = (names: readonly string[]): Buffer =>
        encodeMessage(services[who % 3] as number, client.name, names, size, [Buffer.alloc(size, who)]);
      if (groups) client.submit(frame(groups));
      else if (what === 'join') client.join(group);
      else if (what === 'leave') client.leave(group);
      else if (what === 'disconnect') {
        client.disconnect();
        clients.delete(who);
      }
    }
  }
  turn();
  return out.join('\n');
}

describe('core: purity', () => {
  it('gives the same bytes in the same sequence for the same inputs', () => {
    const property = fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      expect(trace(steps)).to.equal(trace(steps));
    });
    fc.assert(property, { numRuns: 60 });
  });

  it('is what the property above looks at: a busy trace has views, data and closings in it', () => {
    const steps: Step[] = [0, 1, 2].flatMap((who): Step[] => [
      ['open', who, 1, 0],
      ['join', who, 0, 0],
      ['multi', who, 0, 10],
    ]);
    const text = trace([...steps, ['disconnect', 1, 0, 0]]);
    expect(text)
      .to.match(/safe .*\n/)
      .and.to.match(/#b#two 1/);
    expect(text.length).to.be.greaterThan(2000);
  });

  it('needs nothing of Node but buffers: no sockets, timers, clocks or chance in its sources', () => {
    const folders = ['daemon/core', 'lib/wire', 'lib/wire/handshake'].map((name) =>
      join(repositoryRoot, name),
    );
    const files = folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((file) => file.endsWith('.ts'))
        .map((file) => join(folder, file)),
    );
    expect(files.length).to.be.greaterThan(20);
    for (const file of files) {
      const text = readFileSync(file, 'utf8');
      const imports = [...text.matchAll(/from '(?!\.)([^']+)'/g)].map(([, name]) => name);
      expect(
        imports.filter((name) => name !== 'node:buffer' && name !== '#buffer'),
        file,
      ).to.deep.equal([]);
      expect(text, file).not.to.match(
        /Math\.random|Date\.now|new Date|performance\.|process\.|setTimeout|setImmediate|queueMicrotask|import\(/,
      );
    }
  });
});
