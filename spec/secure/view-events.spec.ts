/** How a secure view is shown: its cause, and who came along from the last one. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { EpochKeys } from '../../lib/secure/core/epoch-keys.js';
import { MAX_CREDENTIAL, MAX_SEEN } from '../../lib/secure/core/limits.js';
import { encodeShare, readShare } from '../../lib/secure/core/messages.js';
import type { Cause } from '../../lib/secure/core/port.js';
import { type Judged, PreviousView } from '../../lib/secure/core/previous-view.js';
import { isSame, wipe } from '../../lib/secure/core/provider.js';
import { viewEvent } from '../../lib/secure/core/view-event.js';
import { nodeProvider } from '../../lib/secure/node-provider.js';
import { withShares } from './vector-members.js';
import { bytesOf, pairOfSeed, vectors } from './vectors.js';

const [ANN, BOB, CYD] = vectors.members as [string, string, string];
const DAN = '#dan#d1';
const ALL = [ANN, BOB, CYD];

describe('secure groups, the cause of a view', () => {
  interface Case {
    readonly cause: Cause;
    readonly changed: string | null;
    readonly insiders: readonly string[];
    readonly came: readonly string[];
    readonly before: readonly string[];
    readonly isNext?: boolean;
    readonly outsider?: string;
  }
  const joined: Case = { cause: 'join', changed: CYD, insiders: ALL, came: [ANN, BOB], before: [ANN, BOB] };
  const left: Case = { cause: 'leave', changed: BOB, insiders: [ANN, CYD], came: [ANN, CYD], before: ALL };
  const joiner: Case = { cause: 'join', changed: ANN, insiders: ALL, came: [ANN], before: [ANN] };

  for (const [what, facts, cause] of [
    ['is a join where one came and all others are still there', joined, 'join'],
    ['is a leave where one went', left, 'leave'],
    ['is an end where one was lost', { ...left, cause: 'disconnect' }, 'disconnect'],
    ['is a join to the joiner, who knows nobody', joiner, 'join'],
    ['is the network where the flush view says so', { ...joined, cause: 'network' }, 'network'],
    ['is the network where nobody is named', { ...joined, changed: null }, 'network'],
    [
      'is the network where nobody is named as the one who left',
      { ...left, changed: null, insiders: ALL, came: ALL },
      'network',
    ],
    ['is the network where another one came', { ...joined, insiders: [ANN, BOB, DAN] }, 'network'],
    ['is the network after views that were not shown', { ...joined, isNext: false }, 'network'],
    ['is the network with outsiders', { ...joined, outsider: DAN }, 'network'],
    ['is the network to a joiner whom somebody came along with', { ...joiner, came: [ANN, BOB] }, 'network'],
    ['is the network where the own leave is the cause', { ...joiner, cause: 'leave' }, 'network'],
    ['is the network where one is not proved', { ...joined, came: [ANN] }, 'network'],
    ['is the network where the joiner was there', { ...joined, came: ALL, before: ALL }, 'network'],
    ['is the network where the joiner has no key', { ...joined, insiders: [ANN, BOB] }, 'network'],
    ['is the network where one more came', { ...joined, insiders: [...ALL, DAN] }, 'network'],
    ['is the network where the leaver is still there', { ...left, insiders: ALL }, 'network'],
    ['is the network where another one joined too', { ...left, insiders: [ANN, CYD, DAN] }, 'network'],
  ] as const satisfies readonly (readonly [string, Case, Cause])[])
    it(what, () => {
      const { insiders, came, before, changed, isNext = true, outsider }: Case = facts;
      const members = outsider === undefined ? insiders : [...insiders, outsider];
      const event = viewEvent({
        view: { id: [1, 2, 3], cause: facts.cause, members, changed, cameWithMe: came },
        id: new Uint8Array(32),
        insiders,
        outsiders: outsider === undefined ? [] : [{ name: outsider, reason: 'missing' }],
        identities: new Map(),
        cameWithMe: came,
        previousMembers: before,
        self: ANN,
        isNext,
      });
      expect([event.cause, event.changed]).to.deep.equal([cause, cause === 'network' ? null : changed]);
      expect([event.index, event.members, event.gid]).to.deep.equal([0, insiders, [1, 2, 3]]);
    });
});

describe('secure groups, who came along', () => {
  const P = bytesOf(vectors.P);
  const sent = vectors.groupMode.shares.find(({ sender }) => sender === BOB)?.sent ?? 0;
  const agreement = withShares('group', vectors.groupMode, ANN);

  /** The keys of the last epoch, as far as they count here. */
  const epoch = (received = sent, key = Buffer.from(P)): EpochKeys =>
    ({ previousKey: () => key, sent: 5, received: () => new Map([[BOB, received]]) }) as unknown as EpochKeys;

  function after(received = sent, wasBroken = false): PreviousView {
    const previous = new PreviousView(nodeProvider, ANN);
    previous.keep(epoch(received), wasBroken);
    previous.flushed([ANN, BOB], ALL);
    return previous;
  }

  const judged = (previous: PreviousView, insiders: readonly string[] = ALL): Judged =>
    previous.judge(agreement, insiders, ALL);

  it('is nobody else before a view, or without its key', () => {
    const previous = new PreviousView(nodeProvider, ANN);
    previous.flushed(ALL, ALL);
    expect([previous.lastEpoch, judged(previous)]).to.deep.equal([null, { cameWithMe: [ANN], tails: [] }]);
    previous.keep(epoch(), false);
    expect(judged(previous).cameWithMe).to.deep.equal([ANN]);
    expect(previous.lastEpoch?.sent).to.equal(5n);
  });

  it('are those that the flush layer names, who had the key, and have one again', () => {
    expect(judged(after()).cameWithMe).to.deep.equal([ANN, BOB]);
    expect(judged(after(), [ANN, CYD]).cameWithMe).to.deep.equal([ANN]);
    const previous = after();
    previous.flushed([ANN, BOB], [ANN, CYD]);
    expect(judged(previous).cameWithMe, 'bob was no insider').to.deep.equal([ANN]);
    const lied = after();
    lied.flushed(ALL, ALL);
    expect(judged(lied).cameWithMe, 'cyd proves nothing').to.deep.equal([ANN, BOB]);
  });

  it('stay so over views without a key, as long as the flush layer names them', () => {
    const previous = after();
    previous.flushed([ANN, BOB, CYD], null);
    expect(judged(previous).cameWithMe).to.deep.equal([ANN, BOB]);
    previous.flushed([ANN], null);
    previous.flushed([ANN, BOB], null);
    expect(judged(previous).cameWithMe).to.deep.equal([ANN]);
  });

  it('are lost where they continue without this member', () => {
    const previous = after();
    previous.lose([CYD]);
    expect(judged(previous).cameWithMe).to.deep.equal([ANN, BOB]);
    previous.lose([BOB]);
    expect(judged(previous).cameWithMe).to.deep.equal([ANN]);
    const alone = after();
    alone.alone();
    expect(judged(alone).cameWithMe).to.deep.equal([ANN]);
  });

  it('are told with what is missing of them, but for a broken view', () => {
    expect(judged(after(sent)).tails).to.deep.equal([]);
    expect(judged(after(sent - 1)).tails).to.deep.equal([[BOB, 1]]);
    expect(judged(after(sent - 1, true)).tails).to.deep.equal([]);
    expect(judged(after(sent + 1)).tails).to.deep.equal([]);
  });

  it('prove it by a key that is wiped with the next one, and when the group is left', () => {
    const previous = new PreviousView(nodeProvider, ANN);
    const keys = [Buffer.from(P), Buffer.from(P)] as const;
    for (const key of keys) previous.keep(epoch(sent, key), false);
    expect(keys.map((key) => key.every((byte) => byte === 0))).to.deep.equal([true, false]);
    previous.flushed([ANN, BOB], ALL);
    previous.begins('1');
    previous.reset();
    expect(keys[1].every((byte) => byte === 0)).to.equal(true);
    expect([previous.lastEpoch, previous.begins('1')]).to.deep.equal([null, true]);
    previous.keep(epoch(), false);
    expect(judged(previous).cameWithMe).to.deep.equal([ANN]);
  });

  it('remembers the ids of views, the last ones of very many', () => {
    const previous = new PreviousView(nodeProvider, ANN);
    expect([previous.begins('0'), previous.isFirst]).to.deep.equal([true, true]);
    expect([previous.begins('1'), previous.isFirst, previous.begins('0')]).to.deep.equal([
      true,
      false,
      false,
    ]);
    for (let i = 2; i < MAX_SEEN; i++) previous.begins(String(i));
    expect(previous.begins('0')).to.equal(false);
    previous.begins('one more');
    expect([previous.begins('1'), previous.begins('0')]).to.deep.equal([false, true]);
  });
});

describe('secure groups, bytes', () => {
  it('are the same with the same length only', () => {
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(1, 2)];
    expect([
      isSame(a, b),
      isSame(b, a),
      isSame(a, Uint8Array.of(1)),
      isSame(a, Uint8Array.of(2)),
    ]).to.deep.equal([false, false, true, false]);
    wipe(b, null, undefined);
    expect([...b]).to.deep.equal([0, 0]);
  });

  it('of a SHARE have a credential of at most 4096, and no proof in a later epoch', () => {
    const identity = pairOfSeed('ed25519', '09'.repeat(32));
    const key = new Uint8Array(32);
    const read = (credential: number, epochNumber = 0, previous = new Uint8Array(16)): boolean => {
      const fields = { epoch: epochNumber, ephemeral: key, identity: key, viewKey: null, sent: 0n, previous };
      const whole = { ...fields, credential: new Uint8Array(credential) };
      return readShare(encodeShare(nodeProvider, identity, key, ANN, whole), 'group') !== null;
    };
    expect([read(MAX_CREDENTIAL), read(MAX_CREDENTIAL + 1)]).to.deep.equal([true, false]);
    const proof = Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? 1 : 0));
    expect([read(0, 0, proof), read(0, 1), read(0, 1, proof)]).to.deep.equal([true, true, false]);
  });
});
