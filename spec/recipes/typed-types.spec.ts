/** What the compiler knows of values in recipes: `ssp-toolkit/recipes`. Nothing here is called. */
import { expect } from 'chai';
import { z } from 'zod';
import type { Connection } from '../../lib/index.js';
import {
  type CallResult,
  type GroupRpc,
  groupRpc,
  type Machine,
  map,
  type Member,
  presence,
  type Presence,
  type Replicated,
  replicated,
  type ReplicatedMap,
} from '../../lib/recipes/index.js';
import type { Same } from '../support/same-type.js';

const lengths = z.string().transform((text) => text.length);
const flags = z.object({ on: z.boolean() });
type Flag = z.infer<typeof flags>;

describe('the types of recipes with a schema', () => {
  it('follow from the schemas of a call', () => {
    const open = async (connection: Connection) => {
      const typed = await groupRpc(connection, 'g', {
        schema: { request: lengths, answer: flags },
        handler: (request) => ({ on: (request satisfies number) > 0 }),
      });
      const result = await typed.call('text');
      const same: readonly [
        Same<typeof typed, GroupRpc<string, Flag>>,
        Same<typeof result, CallResult<Flag>>,
        Same<Awaited<ReturnType<typeof groupRpc<number, string>>>, GroupRpc<number, string>>,
      ] = [true, true, true];
      // @ts-expect-error a text is asked
      await typed.call(4);
      // @ts-expect-error the handler gives another type
      await groupRpc(connection, 'g', { schema: { request: lengths, answer: flags }, handler: () => 'text' });
      // @ts-expect-error there is no schema of answers
      await groupRpc(connection, 'g', { schema: { request: lengths } });
      return same;
    };
    expect(open).to.be.a('function');
  });

  it('follow from the schema of a map', () => {
    const open = async (connection: Connection) => {
      const typed = await map(connection, 'g', { schema: lengths, quorum: 2 });
      await typed.set('key', 'text');
      typed.on('set', (_, value) => void (value satisfies number));
      const value = typed.get('key');
      const same: readonly [
        Same<typeof typed, ReplicatedMap<number, string>>,
        Same<typeof value, number | undefined>,
        Same<Awaited<ReturnType<typeof map<number>>>, ReplicatedMap<number>>,
      ] = [true, true, true];
      // @ts-expect-error a text is set
      await typed.set('key', 4);
      return same;
    };
    expect(open).to.be.a('function');
  });

  it('follow from the schema of commands', () => {
    const open = async (connection: Connection, machine: Machine<number, boolean>) => {
      const typed = await replicated(connection, 'g', machine, { schema: lengths });
      const same: readonly [Same<typeof typed, Replicated<string, boolean>>] = [true];
      // @ts-expect-error a text is submitted
      await typed.submit(4);
      // @ts-expect-error the machine takes another type
      await replicated(connection, 'g', machine, { schema: flags });
      return same;
    };
    expect(open).to.be.a('function');
  });

  it('follow from the schema of metadata', () => {
    const open = async (connection: Connection) => {
      const typed = await presence(connection, 'g', { schema: lengths, metadata: 'text' });
      typed.announce('other');
      const [first] = typed.here;
      const same: readonly [
        Same<typeof typed, Presence<number, string>>,
        Same<typeof first, Member<number> | undefined>,
        Same<Awaited<ReturnType<typeof presence<Flag>>>, Presence<Flag>>,
      ] = [true, true, true];
      // @ts-expect-error a text is announced
      typed.announce(4);
      // @ts-expect-error a text is announced
      await presence(connection, 'g', { schema: lengths, metadata: 4 });
      return same;
    };
    expect(open).to.be.a('function');
  });
});
