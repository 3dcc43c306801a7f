/** What the compiler knows of values in groups: `ssp-toolkit`. Nothing here is called. */
import { expect } from 'chai';
import { z } from 'zod';
import type {
  Body,
  Codec,
  Connection,
  DataEvent,
  Group,
  GroupEvent,
  InputOf,
  InvalidEvent,
  InvalidValueError,
  MessageEvent,
  OutputOf,
  ValueIssue,
  SecureGroup,
  SecureOptions,
  StandardSchema,
  TypedGroup,
  TypedGroupEvent,
  TypedGroupOf,
  TypedSecureGroup,
  UntypedEvent,
  ValueEvent,
  ViewEvent,
} from '../../lib/index.js';
import type { Same } from '../support/same-type.js';

interface Move {
  readonly x: number;
  readonly by: string;
}

/** A schema that takes one type and gives another. */
const lengths = z.string().transform((text) => text.length);
const moves: StandardSchema<Move> = z.object({ x: z.number(), by: z.string() });

describe('the types of values in groups', () => {
  it('follow from the schema', () => {
    const same: readonly [
      Same<InputOf<typeof lengths>, string>,
      Same<OutputOf<typeof lengths>, number>,
      Same<InputOf<typeof moves>, Move>,
      Same<TypedGroupOf<typeof lengths>, TypedGroup<number, string>>,
      Same<InvalidValueError['issues'], readonly ValueIssue[]>,
    ] = [true, true, true, true, true];
    expect(same).to.not.include(false);
  });

  it('make a group of values of a join with a schema, and of no other', () => {
    const join = async (connection: Connection, secure: SecureOptions) => {
      const [typed, plain] = [
        await connection.join('g', { schema: lengths }),
        await connection.join('g', {}),
      ];
      const vault = await connection.join('g', { schema: moves, secure });
      const synchronous = await connection.join('g', {
        schema: moves,
        viewSynchrony: true,
        codec: { type: 3 },
      });
      const secret = await connection.join('g', { secure });
      const same: readonly [
        Same<typeof typed, TypedGroup<number, string>>,
        Same<typeof plain, Group>,
        Same<typeof vault, TypedSecureGroup<Move>>,
        Same<typeof synchronous, TypedGroup<Move>>,
        Same<typeof secret, SecureGroup>,
        Same<typeof vault.view, SecureGroup['view']>,
        Same<typeof typed.view, ViewEvent>,
      ] = [true, true, true, true, true, true, true];
      // @ts-expect-error a schema has to be one
      await connection.join('g', { schema: { parse: () => 1 } });
      // @ts-expect-error a codec goes with a schema
      await connection.join('g', { codec: { type: 1 } });
      const codec = { encode: (value: number) => `${value}`, decode: String };
      // @ts-expect-error the codec writes what is sent, which is text
      await connection.join('g', { schema: lengths, codec });
      return same;
    };
    expect(join).to.be.a('function');
  });

  it('say what may be sent', () => {
    const send = async (group: TypedGroup<number, string>): Promise<void> => {
      await group.send('text', { service: 'safe', selfDiscard: true });
      await group.sendToMembers(['#a#d1'], 'text', { portable: false });
      await group.sendTo('#a#d1', 'text');
      // @ts-expect-error a number is what comes out
      await group.send(4);
      // @ts-expect-error bytes are no text
      await group.send(new Uint8Array(1));
      // @ts-expect-error the type is that of the codec
      await group.send('text', { type: 3 });
      // @ts-expect-error a number is what comes out
      await group.sendToMembers(['#a#d1'], 4);
      // @ts-expect-error a number is what comes out
      await group.sendTo('#a#d1', 4);
    };
    const plain: Same<Parameters<Group['send']>[0], Body> = true;
    const codec: Codec<Move> = { encode: ({ by }) => by, decode: (body) => body.length };
    expect([send, plain, codec]).to.have.length(3);
  });

  it('say what arrives, to loops and to listeners', () => {
    const read = async (group: TypedGroup<Move>): Promise<true[]> => {
      const seen: true[] = [];
      group.on('data', (event) => seen.push(true satisfies Same<typeof event, MessageEvent<Move>>));
      group.on('invalid', (event) => seen.push(true satisfies Same<typeof event, InvalidEvent>));
      group.once('view', (event) => seen.push(true satisfies Same<typeof event, ViewEvent>));
      const same = group.on('event', (event) =>
        seen.push(true satisfies Same<typeof event, TypedGroupEvent<Move>>),
      );
      seen.push(true satisfies Same<typeof same, TypedGroup<Move>>);
      // @ts-expect-error there is no such event
      group.on('value', () => undefined);
      for await (const event of group) {
        if (event.kind === 'invalid')
          seen.push(true satisfies Same<typeof event.issues, readonly ValueIssue[]>);
        if (event.kind !== 'data') continue;
        seen.push(true satisfies Same<typeof event.value, Move | undefined>);
        if (event.value === undefined) seen.push(true satisfies Same<typeof event, UntypedEvent>);
        else seen.push(true satisfies Same<typeof event, ValueEvent<Move>>);
      }
      const parsed = group.parse({} as DataEvent);
      seen.push(true satisfies Same<typeof parsed, MessageEvent<Move> | InvalidEvent>);
      return seen;
    };
    const plain: readonly [
      Same<Extract<GroupEvent, { kind: 'data' }>, DataEvent>,
      Same<Extract<GroupEvent, { kind: 'invalid' }>, never>,
    ] = [true, true];
    expect([read, plain]).to.have.length(2);
  });
});
