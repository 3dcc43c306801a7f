/** What the compiler knows of values in pages: `ssp-toolkit/browser` and `ssp-toolkit/react`. Nothing here is called. */
import { expect } from 'chai';
import { z } from 'zod';
import {
  type connect,
  type GroupRpc,
  groupRpc,
  type InvalidEvent,
  map,
  type MessageEvent,
  presence,
  type Presence,
  type ReplicatedMap,
  type TypedGroup,
} from '../../lib/browser/index.js';
import { type GroupState, type TypedGroupState, useGroup } from '../../lib/browser/react/index.js';
import type { Same } from '../support/same-type.js';

const lengths = z.string().transform((text) => text.length);

type Connection = Awaited<ReturnType<typeof connect>>;

describe('the types of values in pages', () => {
  it('follow from the schema of a group and of recipes', () => {
    const open = async (connection: Connection) => {
      const group = await connection.join('g', { schema: lengths });
      const rpc = await groupRpc(connection, 'g', { schema: { request: lengths, answer: z.boolean() } });
      const table = await map(connection, 'g', { schema: lengths });
      const here = await presence(connection, 'g', { schema: lengths, metadata: 'text' });
      const same: readonly [
        Same<typeof group, TypedGroup<number, string>>,
        Same<typeof rpc, GroupRpc<string, boolean>>,
        Same<typeof table, ReplicatedMap<number, string>>,
        Same<typeof here, Presence<number, string>>,
        Same<Awaited<ReturnType<typeof map<number>>>, ReplicatedMap<number>>,
      ] = [true, true, true, true, true];
      // @ts-expect-error a text is sent
      await group.send(4);
      return same;
    };
    expect(open).to.be.a('function');
  });

  it('follow from the schema of the hook', () => {
    const Component = (): readonly true[] => {
      const typed = useGroup('g', {
        schema: lengths,
        codec: { type: 4 },
        onMessage: (event) => void (true satisfies Same<typeof event, MessageEvent<number>>),
        onInvalid: (event) => void (true satisfies Same<typeof event, InvalidEvent>),
      });
      const plain = useGroup('g', { onMessage: ({ text }) => void (text satisfies string) });
      void typed.send('text');
      // @ts-expect-error a text is sent
      void typed.send(4);
      // @ts-expect-error without a schema nothing is invalid
      useGroup('g', { onInvalid: () => undefined });
      const same: readonly [Same<typeof typed, TypedGroupState<string>>, Same<typeof plain, GroupState>] = [
        true,
        true,
      ];
      return same;
    };
    expect(Component).to.be.a('function');
  });
});
