/** No call throws or rejects, whatever it is given; a mailbox with a message in it stays whole. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import * as face from '../../lib/ssp/index.js';
import { secureOf } from '../secure/identities.js';
import { endPairs, pair } from '../support/fake-daemon-mailbox.js';
import { settle, ssp } from './receiving.js';
import { endPeers, SecurePeer } from './secure-peer.js';
import { messages } from './vectors.js';

/** The calls with their types taken off. */
const calls = face as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;

const text = fc.string({ unit: 'binary', maxLength: 40 });
const anything = fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true });
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0x10, 0x30, 5, -1, 2 ** 40));
const bytes = fc.uint8Array({ maxLength: 20 });
const scatter = fc.record(
  {
    num_elements: fc.oneof(fc.integer({ min: -1, max: 3 }), anything),
    elements: fc.oneof(fc.array(fc.record({ len: fc.nat(20), buf: bytes }, { requiredKeys: [] })), anything),
  },
  { requiredKeys: [] },
);
const loose = (...good: fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> => fc.oneof(...good, anything);

const receiveOptions = loose(
  fc.record(
    {
      service_type: loose(number),
      max_groups: loose(fc.integer({ min: -1, max: 3 })),
      max_mess_len: loose(fc.integer({ min: -1, max: 30 })),
      mess: loose(bytes),
      groups: loose(fc.constant([]), fc.constant(Object.freeze([]))),
      signal: loose(fc.constant(AbortSignal.abort())),
      scat: loose(scatter),
    },
    { requiredKeys: [] },
  ),
);

/** Arguments behind the mailbox. */
const argumentsOf: Readonly<Record<string, readonly fc.Arbitrary<unknown>[]>> = {
  join: [loose(text)],
  leave: [loose(text)],
  multicast: [loose(number), loose(text), loose(number), loose(bytes)],
  scat_multicast: [loose(number), loose(text), loose(number), loose(scatter)],
  multigroup_multicast: [loose(number), loose(fc.array(loose(text))), loose(number), loose(bytes)],
  multigroup_scat_multicast: [loose(number), loose(fc.array(text)), loose(number), loose(scatter)],
  receive: [receiveOptions],
  scat_receive: [receiveOptions],
};

/** What SSP has besides, for secure mailboxes. */
const secureArgumentsOf: Readonly<Record<string, readonly fc.Arbitrary<unknown>[]>> = {
  flush: [loose(text)],
  get_key: [loose(text)],
};

const helpers: Readonly<Record<string, readonly fc.Arbitrary<unknown>[]>> = {
  get_memb_info: [loose(bytes), loose(number, fc.constant(0x1100))],
  get_vs_sets_info: [loose(bytes), loose(number)],
  get_vs_set_members: [
    loose(bytes),
    loose(fc.record({ num_members: number, members_offset: number })),
    loose(number),
  ],
  scat_get_memb_info: [loose(scatter), loose(number)],
  scat_get_vs_sets_info: [loose(scatter), loose(number)],
  scat_get_vs_set_members: [loose(scatter), anything, loose(number)],
};

const isRecordOrCode = (result: unknown): boolean =>
  typeof result === 'number' || (typeof result === 'object' && result !== null && 'ret' in result);

describe('calls with any arguments', () => {
  afterEach(endPairs);
  afterEach(endPeers);

  for (const prefix of ['SSP', 'SP']) {
    for (const [name, args] of Object.entries(argumentsOf)) {
      it(`${prefix}_${name}`, async () => {
        const p = await pair();
        const answers: Promise<unknown>[] = [];
        fc.assert(
          fc.property(fc.tuple(...args), (given) => {
            answers.push(calls[`${prefix}_${name}`]?.(p.mbox, ...given) as Promise<unknown>);
          }),
          { numRuns: 200 },
        );
        // Some of the receive calls are sound and wait.
        await p.session.send(messages.H);
        await settle();
        expect(await face.SSP_disconnect(p.mbox)).to.equal(0);
        expect((await Promise.all(answers)).every(isRecordOrCode)).to.equal(true);
      });
    }
  }

  for (const [name, args] of Object.entries({ ...argumentsOf, ...secureArgumentsOf })) {
    it(`SSP_${name} on a secure mailbox`, async () => {
      const peer = await SecurePeer.start();
      const answers: unknown[] = [];
      fc.assert(
        fc.property(fc.tuple(...args), (given) => {
          answers.push(calls[`SSP_${name}`]?.(peer.mbox, ...given));
        }),
        { numRuns: 200 },
      );
      await settle();
      expect(await face.SSP_disconnect(peer.mbox)).to.equal(0);
      expect((await Promise.all(answers)).every(isRecordOrCode)).to.equal(true);
    });
  }

  for (const name of Object.keys(secureArgumentsOf))
    it(`SSP_${name} on a mailbox that is not secure`, async () => {
      const { mbox } = await pair();
      const answer = await calls[`SSP_${name}`]?.(mbox, 'g');
      expect(isRecordOrCode(answer)).to.equal(true);
    });

  it('SSP_connect with any way to be secure', async () => {
    const good = secureOf('a', 'a');
    const option = (value: unknown): fc.Arbitrary<unknown> => loose(fc.constant(value));
    const secure = fc.record(
      {
        identity: option(good.identity),
        credential: loose(bytes),
        authorize: option(() => true),
        allow: loose(fc.constant(good.allow), fc.array(anything)),
        authority: loose(text, bytes),
        authenticity: option('member'),
        flush: option('manual'),
        rejoin: option(false),
        sealAfterMs: loose(number),
        rekeyAfterMs: loose(number),
        stalledAfterMs: loose(number),
        suite: option(1),
        provider: option('node'),
        clear: anything,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(loose(secure), async (given) => {
        const result = await calls['SSP_connect']?.('no address', 'a', { secure: given });
        return (result as face.ConnectResult).mbox === -1;
      }),
      { numRuns: 300 },
    );
  });

  for (const [name, args] of Object.entries(helpers)) {
    it(`SP_${name}`, () => {
      fc.assert(
        fc.property(fc.tuple(...args), (given) => isRecordOrCode(calls[`SP_${name}`]?.(...given))),
        { numRuns: 300 },
      );
    });
  }

  it('SSP_connect, SP_connect and SP_connect_timeout', async () => {
    const options = loose(fc.record({ timeout: anything, auth: anything, group_membership: anything }));
    await fc.assert(
      fc.asyncProperty(loose(text), options, anything, anything, async (name, given, third, fourth) => {
        const results = [
          await calls['SSP_connect']?.('no address', name, given),
          await calls['SP_connect']?.('no address', name, third, fourth, given),
          await calls['SP_connect_timeout']?.('no address', name, third, fourth, given, given),
        ];
        return results.every((result) => (result as face.ConnectResult).mbox === -1);
      }),
      { numRuns: 300 },
    );
  });

  it('any mailbox', async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (mbox) => {
        const sent = calls['SSP_multicast']?.(mbox, 0x10, 'g', 0, Buffer.alloc(0));
        const results = [calls['SSP_poll']?.(mbox), await sent, await calls['SSP_disconnect']?.(mbox)];
        return (
          results.every((result) => result === face.ILLEGAL_SESSION) &&
          (await ssp(mbox as number)).ret === -11
        );
      }),
    );
  });
});
