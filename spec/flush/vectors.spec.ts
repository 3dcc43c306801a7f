/** Every vector of the C flush library: what ours gives, and what its model gives. */
import { expect } from 'chai';
import { FlushLayer } from '../../lib/flush/core/layer.js';
import { WOULD_BLOCK } from '../../lib/wire/codes.js';
import { CLibraryLayer } from './c-library.js';
import { different, outputsOf } from './vector-expectations.js';
import { type Vector, VectorPlayer, tell, vectors } from './vector-player.js';

const ours = (): VectorPlayer =>
  new VectorPlayer((self, sink) => new FlushLayer(self, sink, { isExclusive: true }));
const theirs = (): VectorPlayer =>
  new VectorPlayer((self, sink) => new CLibraryLayer(self, sink, { isExclusive: true }));

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
