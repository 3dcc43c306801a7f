/** What replicas say in a round, and what that decides. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { LAST_EPOCH } from '../../lib/primary/ballot.js';
import { Agreement } from '../../lib/recipes/core/replicated/agreement.js';
import { decide } from '../../lib/recipes/core/replicated/decision.js';
import { decode, encode, type Message, type Statement } from '../../lib/recipes/core/replicated/messages.js';

const [A, B, C] = ['#a#d1', '#b#d2', '#c#d3'] as const;
const VIEW = [1, 2, 3] as const;

const said = (more: Partial<Statement> = {}): Statement => ({
  label: 'x',
  state: null,
  tookPart: false,
  promised: 0,
  ask: 'ask',
  ...more,
});
const holding = (lineage: number, epoch = 0, position = 0, more: Partial<Statement> = {}): Statement =>
  said({ state: { lineage, epoch, position }, ...more });

const decided = (statements: readonly (readonly [string, Statement])[], quorum: number | null, of = 3) =>
  decide(new Map(statements), quorum === null ? null : { quorum, of }, [...VIEW], 0, () => undefined);

describe('what a round decides', () => {
  it('is that all begin when nobody holds a state', () => {
    const decision = decided(
      [
        [A, said()],
        [B, said({ ask: 'b' })],
      ],
      null,
    );
    expect(decision).to.deep.include({ isFirst: true, epoch: 0, next: 1, holders: [A, B] });
    expect(decision?.needy.size).to.equal(0);
  });

  it('is without a quorum the larger side, then the longer history, then the first', () => {
    const winner = (...statements: readonly (readonly [string, Statement])[]) =>
      decided(statements, null)?.lineage;
    expect(winner([A, holding(1, 9, 9)], [B, holding(2)], [C, holding(2)])).to.equal(2);
    expect(winner([A, holding(1, 0, 4)], [B, holding(2, 0, 5)])).to.equal(2);
    expect(winner([A, holding(1, 0, 5)], [B, holding(2, 9, 5)])).to.equal(1);
    expect(winner([A, holding(1, 0, 6)], [B, holding(2, 9, 5)])).to.equal(1);
  });

  it('is with a quorum the newest epoch, then the larger side', () => {
    const past = { tookPart: true };
    const winner = (...statements: readonly (readonly [string, Statement])[]) =>
      decided(statements, 2)?.lineage;
    expect(
      winner([A, holding(1, 4, 9, past)], [B, holding(1, 4, 9, past)], [C, holding(2, 5, 1, past)]),
    ).to.equal(2);
    expect(
      winner([A, holding(1, 4, 9, past)], [B, holding(2, 4, 1, past)], [C, holding(2, 4, 1, past)]),
    ).to.equal(2);
  });

  it('names who holds it and who needs it, each with its request, above every epoch seen', () => {
    const decision = decided(
      [
        [A, said({ ask: 'a', promised: 7 })],
        [B, holding(2, 5, 1, { tookPart: true })],
        [C, holding(1, 4, 1, { tookPart: true, ask: 'c' })],
      ],
      2,
    );
    expect(decision).to.deep.include({ isFirst: false, lineage: 2, epoch: 5, next: 8, holders: [B] });
    expect([...(decision?.needy ?? [])]).to.deep.equal([
      [A, 'a'],
      [C, 'c'],
    ]);
  });

  it('is nothing while the newest state may be elsewhere', () => {
    const past = { tookPart: true };
    expect(
      decided(
        [
          [A, holding(1, 4, 0, past)],
          [B, said()],
        ],
        2,
      ),
    ).to.equal(null);
    expect(
      decided(
        [
          [A, holding(1, 4, 0, past)],
          [B, said(past)],
        ],
        2,
      ),
    ).to.equal(null);
    expect(
      decided(
        [
          [A, holding(1, 4, 0, past)],
          [B, holding(1, 4, 0, past)],
        ],
        2,
      ),
    ).not.to.equal(null);
    expect(
      decided(
        [
          [A, said()],
          [B, said()],
        ],
        2,
      ),
    ).not.to.equal(null);
    expect(
      decided(
        [
          [A, holding(1, 4, 0, past)],
          [B, said(past)],
          [C, said(past)],
        ],
        2,
      ),
    ).not.to.equal(null);
  });

  it('leaves out those that replicate something else', () => {
    const decision = decided(
      [
        [A, said({ label: 'other' })],
        [B, holding(2)],
        [C, said({ ask: 'c' })],
      ],
      null,
    );
    expect(decision).to.deep.include({ label: 'x', holders: [B] });
    expect([...(decision?.needy.keys() ?? [])]).to.deep.equal([C]);
    const sides = decided(
      [
        [A, holding(1)],
        [B, holding(1, 0, 0, { label: 'other' })],
      ],
      null,
    );
    expect(sides).to.deep.include({ label: 'x', holders: [A] });
    const first = decided(
      [
        [A, said({ label: 'first' })],
        [B, said()],
      ],
      null,
    );
    expect(first).to.deep.include({ label: 'first', holders: [A] });
  });
});

describe('the round of a view', () => {
  const view = (members: readonly string[], along: readonly string[], id = VIEW) =>
    ({ id: [...id], cause: 'network', members, cameWithMe: along }) as const;

  it('counts what is said in it alone', () => {
    const agreement = new Agreement(A, 1, 100);
    expect([agreement.tag, agreement.isNow({ view: [...VIEW], round: 0 })]).to.deep.equal([null, false]);
    agreement.newView(view([A, B], [A]));
    agreement.begin(false, 0);
    expect(agreement.tag).to.deep.equal({ view: [...VIEW], round: 0 });
    agreement.begin(true, 0);
    expect([0, 1, 2].map((round) => agreement.isNow({ view: [...VIEW], round }))).to.deep.equal([
      false,
      true,
      false,
    ]);
    expect(agreement.isNow({ view: [1, 2, 4], round: 1 })).to.equal(false);
    agreement.newView(view([A, B], [A, B]));
    expect(agreement.tag?.round).to.equal(0);
  });

  it('waits for the silent with patience, and knows them in the next view they come along to', () => {
    const agreement = new Agreement(A, 1, 100);
    agreement.newView(view([A, B, C], [A, B, C]));
    agreement.begin(false, 50);
    expect([agreement.dueAt, agreement.tick(149), agreement.tick(150)]).to.deep.equal([150, false, false]);
    expect(agreement.dueAt).to.equal(250);
    expect(agreement.stated(A, said(), [], 160)).to.equal(false);
    expect([agreement.tick(250), agreement.settle(A)]).to.deep.equal([true, true]);
    expect([...agreement.statements.keys()]).to.deep.equal([A]);
    agreement.decided();
    expect([agreement.silence, agreement.dueAt, agreement.tick(1e9)]).to.deep.equal([
      [B, C],
      Infinity,
      false,
    ]);
    expect([
      agreement.stated(B, said(), [], 0),
      agreement.settle(A),
      agreement.statements.size,
    ]).to.deep.equal([false, false, 0]);
    expect(agreement.silence).to.deep.equal([C]);
    agreement.newView(view([A, B, C], [A, B, C], [1, 3, 1] as never));
    expect(agreement.silence).to.deep.equal([C]);
    agreement.newView(view([A, B, C], [A, B], [1, 4, 1] as never));
    expect(agreement.silence).to.deep.equal([]);
  });

  it('continues with the next statement when it could not be decided', () => {
    const agreement = new Agreement(A, 1, 100);
    agreement.newView(view([A, B], [A, B]));
    agreement.begin(false, 0);
    agreement.stated(A, said(), [B], 0);
    agreement.continueFrom();
    expect(agreement.dueAt).to.equal(Infinity);
    expect(agreement.stated(B, said(), [], 30)).to.equal(true);
    agreement.continueFrom();
    expect(agreement.stated(A, said(), [], 30)).to.equal(false);
    expect(agreement.dueAt).to.equal(130);
  });
});

describe('messages of replicas', () => {
  const tag = { view: [...VIEW], round: 1 } as never;

  it('hold no epoch with which nobody could count on', () => {
    const isRead = (message: Message): boolean => decode(encode(message)) !== null;
    const vote = (epoch: number) => isRead({ kind: 'vote', tag, epoch });
    expect([vote(0), vote(1), vote(LAST_EPOCH), vote(LAST_EPOCH + 1)]).to.deep.equal([
      false,
      true,
      true,
      false,
    ]);
    const state = (statement: Statement) => isRead({ kind: 'state', tag, statement, silent: [] });
    expect([
      state(said({ promised: LAST_EPOCH })),
      state(said({ promised: LAST_EPOCH + 1 })),
      state(holding(1, LAST_EPOCH)),
      state(holding(1, LAST_EPOCH + 1)),
    ]).to.deep.equal([true, false, true, false]);
  });

  it('hold no larger piece than agreed, no longer label and no more silent names', () => {
    const chunk = (length: number) =>
      decode(encode({ kind: 'chunk', capture: 'c', offset: 0, isLast: false, data: Buffer.alloc(length) }));
    expect([chunk(65_536) === null, chunk(65_537) === null]).to.deep.equal([false, true]);
    const label = 'x'.repeat(300);
    expect(decode(encode({ kind: 'misfit', ask: 'a', label }))).to.deep.include({ label: 'x'.repeat(200) });
    const silent = Array.from({ length: 1500 }, (_, i) => `${i}`);
    const state = decode(encode({ kind: 'state', tag, statement: said({ label }), silent })) as Message & {
      kind: 'state';
    };
    expect([state.silent.length, state.statement.label.length]).to.deep.equal([1000, 200]);
  });
});
