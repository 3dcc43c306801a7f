/** The checkers of secure groups on real nodes, on logs that are made up. */
import { expect } from 'chai';
import { KeyBook, type OutcastLog, secureFaults } from '../support/cluster/load/secure-evidence.js';
import type { Entry, SecureLog, ViewEntry } from '../secure/simulation/log.js';

const A = '#a#d1';
const B = '#b#d2';
const OUTCAST = '#evil#d3';

/** Two members and an outcast, whose logs can be changed. */
class MadeUp {
  readonly keys = new KeyBook();
  readonly clear: string[] = [];
  readonly outcast: OutcastLog = { id: OUTCAST, views: [], data: [], confirmed: new Set() };
  readonly a = log(A);
  readonly b = log(B);

  /** `a` is alone at first. Both are in the view `two`, in which `a` speaks, and go to the view `three` together. */
  constructor() {
    const { a, b } = this;
    this.view(a, 'one', [A], { cause: 'join', changed: A });
    for (const each of [a, b]) {
      this.view(each, 'two', [A, B], { cause: 'join', changed: B });
      if (each === a) this.add(a, { kind: 'send', text: 'm', view: 'two', ...SAFE });
      this.add(each, { kind: 'data', text: 'm', sender: A });
      this.add(each, { kind: 'rekeyed', id: 'two, epoch 1', gid: 'g two', epoch: 1 });
      this.keys.note('two, epoch 1', 'key of two, epoch 1', each.id);
      this.add(each, { kind: 'transition' });
      this.view(each, 'three', [A, B], { cameWithMe: [A, B] });
    }
    this.keys.note('of the outcast', 'key of the outcast', OUTCAST);
    this.outcast.views.push({ id: 'of the outcast', key: 'key of the outcast' });
  }

  add({ entries }: SecureLog, ...more: Entry[]): void {
    entries.push(...more);
  }

  view(to: SecureLog, id: string, members: readonly string[], change: Partial<ViewEntry> = {}): void {
    const { id: own } = to;
    const [gid, index] = [`g ${id}`, members.indexOf(own)];
    const seen = { cause: 'network', changed: null, cameWithMe: [own], outsiders: [] };
    this.add(to, { kind: 'view', id, gid, members, index, ...seen, ...change });
    this.add(to, { kind: 'decision', gid, epoch: 0, seal: `SEAL of ${id}`, boxes: members.length });
    this.keys.note(id, `key of ${id}`, own);
  }

  /** Leaves out what does not fit. */
  without({ entries }: SecureLog, isGone: (entry: Entry) => boolean): void {
    entries.splice(0, entries.length, ...entries.filter((entry) => !isGone(entry)));
  }

  get faults(): string[] {
    const { a, b, keys, outcast, clear } = this;
    return secureFaults({ logs: [a, b], keys, outcasts: [outcast], clear });
  }
}

const SIGNAL: Entry = { kind: 'transition' };
const SAFE = { isSafe: true, isDiscarded: false, receivers: null };

const log = (id: string): SecureLog => ({
  name: `${id}~1`,
  id,
  isHonest: true,
  isAuthorized: true,
  isServed: true,
  entries: [],
  end: 'open',
  final: { state: 'secure', held: 0 },
});

const planted: readonly (readonly [what: string, property: string, plant: (run: MadeUp) => void])[] = [
  ['an id with two keys', 'SS1', ({ keys }) => keys.note('two', 'another key', B)],
  [
    'an id with two lists',
    'SS1',
    (run) => {
      run.without(run.b, (entry) => 'id' in entry && entry.id === 'three');
      run.view(run.b, 'three', [B], { cameWithMe: [B] });
    },
  ],
  [
    'a key that comes twice',
    'SS2',
    (run) => {
      run.view(run.a, 'four', [A], { cameWithMe: [A] });
      run.add(run.a, { kind: 'rekeyed', id: 'five', gid: 'g four', epoch: 1 });
      run.keys.note('five', 'key of one', A);
    },
  ],
  ['data that nobody sent', 'SS3, VS1', (run) => run.add(run.b, { kind: 'data', text: '?', sender: A })],
  [
    'data in another view than the one in which it was sent',
    'SS3, VS1',
    (run) => {
      run.without(run.b, ({ kind }) => kind === 'data');
      run.add(run.b, { kind: 'data', text: 'm', sender: A });
    },
  ],
  [
    'data of an outcast',
    'SS3, VS1',
    (run) => run.add(run.b, { kind: 'data', text: 'of an outcast', sender: OUTCAST }),
  ],
  ['companions with other data', 'SS3, VS2', (run) => run.without(run.b, ({ kind }) => kind === 'data')],
  [
    'a companion that says something else',
    'SS3, VS4',
    (run) => {
      run.without(run.b, (entry) => 'id' in entry && entry.id === 'three');
      run.view(run.b, 'three', [A, B], { cameWithMe: [B] });
    },
  ],
  ['safe data that does not come to all', 'SS3, VS8', (run) => run.without(run.b, isData)],
  ['own data that does not come back', 'SS3, VS9', (run) => run.without(run.a, isData)],
  ['a key of members that an outcast has', 'SS4', ({ keys }) => keys.note('two', 'key of two', OUTCAST)],
  [
    'the same under an id of its own',
    'SS4',
    ({ outcast }) => outcast.views.push({ id: 'another', key: 'key of two' }),
  ],
  ['what an outcast is handed', 'SS4', ({ outcast }) => outcast.data.push({ text: 'm', sender: A })],
  ['who confirms the view of an outcast', 'SS4', ({ outcast }) => outcast.confirmed.add(B)],
  ['two signals in one view', 'SS5', (run) => run.add(run.b, SIGNAL, SIGNAL)],
  ['a message that waits forever', 'SS6', ({ b }) => (b.final = { state: 'secure', held: 1 })],
  [
    'a message that a member missed',
    'SS7',
    (run) => run.add(run.b, { kind: 'tampering', reason: 'gap', sender: A }),
  ],
  [
    'a SEAL that does not open',
    'SS8',
    (run) => run.add(run.b, { kind: 'excluded', reason: 'box', sealer: A, gid: 'g three' }),
  ],
  [
    'a view that two SEALs decide',
    'SS11',
    (run) => run.add(run.b, { kind: 'decision', gid: 'g three', epoch: 0, seal: 'another', boxes: 2 }),
  ],
  ['data in clear', 'SD-6', ({ clear }) => clear.push('hello')],
];

function isData({ kind }: Entry): boolean {
  return kind === 'data';
}

describe('the checkers of secure groups on real nodes', () => {
  it('find nothing where nothing is wrong', () => {
    expect(new MadeUp().faults).to.deep.equal([]);
  });

  for (const [what, property, plant] of planted)
    it(`see ${what}`, () => {
      const run = new MadeUp();
      plant(run);
      const properties = run.faults.map((text) => text.slice(0, text.indexOf(':')));
      expect(properties).to.include(property);
    });
});
