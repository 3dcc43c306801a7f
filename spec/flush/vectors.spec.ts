/** Every vector of the C flush library: what ours gives, and what its model gives. */
import { expect } from 'chai';
import { FlushLayer } from '../../lib/flush/core/layer.js';
import type { DropReason } from '../../lib/flush/core/port.js';
import { WOULD_BLOCK } from '../../lib/wire/codes.js';
import { CLibraryLayer } from './c-library.js';
import { type Received, type Vector, VectorPlayer, tell, vectors } from './vector-player.js';

const ours = (): VectorPlayer =>
  new VectorPlayer((self, sink) => new FlushLayer(self, sink, { isExclusive: true }));
const theirs = (): VectorPlayer =>
  new VectorPlayer((self, sink) => new CLibraryLayer(self, sink, { isExclusive: true }));

/** Outputs that every message has; the vector has them in other words, too. */
const outputs = [
  'ret',
  'service',
  'sender',
  'groups',
  'mess_type',
  'endian_mismatch',
  'more',
  'body_hex',
] as const satisfies readonly (keyof Received)[];

const outputsOf = (received: Received): Partial<Received> =>
  Object.fromEntries(outputs.filter((key) => received[key] !== undefined).map((key) => [key, received[key]]));

/** Each step gives what was recorded. */
function playStrictly(player: VectorPlayer, { steps }: Vector): void {
  for (const { event, call, result, receive, sent } of steps) {
    if (event) player.event(event);
    // It counts bytes of structures of the C library.
    if (call !== undefined && call !== 'FL_poll') {
      expect(player.call(call), call).to.equal(result?.ret);
    }
    if (receive) expect(player.receive()).to.deep.equal(outputsOf(receive));
    if (sent) {
      const { service, groups, mess_type: type, body_hex: body } = sent;
      expect(player.sent.shift()).to.deep.equal({ service, groups, mess_type: type, body_hex: body });
    }
  }
  expect(player.sent).to.deep.equal([]);
}

/** Plays the events and calls, and receives all that there is wherever the vector receives. @returns what came */
function playThrough(player: VectorPlayer, { steps }: Vector): string[] {
  const got: string[] = [];
  for (const { event, call, receive } of steps) {
    if (event) player.event(event);
    if (call !== undefined) player.call(call);
    if (!receive) continue;
    for (let next = player.receive(); next.ret !== WOULD_BLOCK; next = player.receive()) got.push(tell(next));
  }
  return got;
}

const alone = 'view 1 of #a#d1 #me#d1';
const three = 'view 1 of #a#d1 #b#d1 #me#d1';
const four = 'view 1 of #a#d1 #b#d1 #c#d2 #me#d1';
const alive = 'data of #a#d1: alive?';

/** Where ours differs: all that it hands out and what it counts as dropped. */
const different: Readonly<Record<string, readonly [got: readonly string[], drops?: readonly DropReason[]]>> =
  {
    partition: [
      [
        four,
        'data of #c#d2: before',
        'transition',
        'data of #c#d2: in transition',
        'flush-request',
        'view 2 of #a#d1 #me#d1',
      ],
      ['stranger'],
    ],
    merge: [[alone, 'transition', 'flush-request', 'view 2 of #a#d1 #b#d1 #c#d2 #me#d1']],
    'merge-both': [[three, 'transition', 'flush-request', 'view 2 of #a#d1 #c#d2 #me#d1']],
    'lost-transition': [
      [
        three,
        'flush-request',
        'transition',
        'view 2 of #a#d1 #b#d1 #c#d2 #me#d1',
        'transition',
        'data of #a#d1: safe, sent in the new view',
        'flush-request',
      ],
    ],
    'transition-once': [[three, 'transition', 'flush-request']],
    'leave-in-agree': [[three, 'flush-request', 'transition', 'self-leave']],
    'dup-ok': [
      [three, 'flush-request'],
      ['outdated', 'outdated'],
    ],
    'foreign-ok': [
      [three, 'flush-request'],
      ['stranger', 'stranger'],
    ],
    'short-vuln-private': [[alone], ['malformed']],
    'kill-by-6-bytes': [[alone], ['malformed']],
    'short-ok': [
      [alone, alive],
      ['malformed', 'malformed'],
    ],
    'short-sub': [[alone, alive], ['malformed']],
    'vuln-abort': [[three, 'flush-request', alive], ['stranger']],
    reject: [[alone, alive]],
    'trans-unknown': [[], ['unknown-group']],
    'selfleave-unknown': [[], ['unknown-group']],
    'multi-first-unknown': [[alone, 'data of #a#d1: hello', 'data of #a#d1: hello2']],
    'no-sender-view': [[alone, 'flush-request', 'transition']],
  };

/** What the model of the C library need not do: crashes, and what anybody can do to it. */
const notOfTheModel: ReadonlySet<string> = new Set([
  'leave-in-agree',
  'short-vuln-private',
  'kill-by-6-bytes',
  'vuln-abort',
  'reject',
  'trans-unknown',
  'selfleave-unknown',
  'multi-first-unknown',
  'no-sender-view',
]);

describe('the vectors of the C flush library', () => {
  it('are all here', () => {
    expect(vectors).to.have.length(42);
    const known = new Set(vectors.map(({ id }) => id));
    expect(Object.keys(different).filter((id) => !known.has(id))).to.deep.equal([]);
  });

  it('say where ours differs', () => {
    const said = vectors.filter(({ ours: text }) => !text.startsWith('same')).map(({ id }) => id);
    expect(Object.keys(different)).to.have.members(said);
  });

  for (const vector of vectors) {
    const { id, what } = vector;
    const difference = different[id];
    if (difference === undefined) {
      it(`${id}: ${what}`, () => {
        playStrictly(ours(), vector);
      });
      continue;
    }
    it(`${id}: ours differs`, () => {
      const player = ours();
      const [got, drops = []] = difference;
      expect(playThrough(player, vector)).to.deep.equal(got);
      expect(player.drops).to.deep.equal(drops);
    });
  }

  describe('are what the model of the C library gives', () => {
    for (const vector of vectors) {
      if (notOfTheModel.has(vector.id)) continue;
      it(vector.id, () => {
        playStrictly(theirs(), vector);
      });
    }
  });
});
