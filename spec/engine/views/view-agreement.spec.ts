/** One attempt to agree on a view, by itself. */
import { expect } from 'chai';
import type { CpgAddress } from '../../../daemon/engine/views/ordered-transport.js';
import { NO_PAST, Reason, type State } from '../../../daemon/engine/views/control.js';
import { checkedOptions } from '../../../daemon/engine/views/ports.js';
import { ViewAgreement, sameAddress } from '../../../daemon/engine/views/view-agreement.js';

const at = (node: number, pid = 100 + node): CpgAddress => ({ node, pid });
const [A, B, C] = [at(1), at(2), at(3)] as const;
const PAST = { tag: 7n, count: 1, hash: 2n };

interface Given {
  readonly self?: CpgAddress;
  readonly processes?: readonly CpgAddress[];
  readonly nodes?: readonly number[];
  readonly seq?: bigint;
}

/** A round that begins at 1000, by default of the first of three daemons. */
function begun({ self = A, processes = [A, B, C], nodes = [1, 2, 3], seq = 4n }: Given = {}): ViewAgreement {
  const round = new ViewAgreement(self, checkedOptions({}));
  round.hint({ kind: 'confchg', members: processes });
  round.hint({ kind: 'ring', rep: 1, seq, nodes });
  round.begin(1000);
  return round;
}

const stateOf = (round: ViewAgreement, more: Partial<State> = {}): State => ({
  inc: 1n,
  name: 'x',
  key: round.key,
  attempt: round.attempt,
  past: NO_PAST,
  isApart: false,
  ...more,
});

/** These say that they are there, each with a name of its own. */
function told(round: ViewAgreement, ...addresses: readonly CpgAddress[]): ViewAgreement {
  for (const address of addresses) round.take(address, stateOf(round, { name: `d${address.node}` }));
  return round;
}

const membersOf = (round: ViewAgreement): string[] =>
  round.conclude().members.map(({ node, pid }) => `${node}.${pid}`);

describe('a round of the view machine', () => {
  it('takes two addresses for one only when node and process are the same', () => {
    expect([sameAddress(A, at(1)), sameAddress(A, at(1, 5)), sameAddress(A, at(2, 101))]).to.deep.equal([
      true,
      false,
      false,
    ]);
  });

  describe('has a key', () => {
    it('that is the same for the same ring and processes, in whatever order', () => {
      expect(begun({ processes: [C, A, B] }).key).to.equal(begun({ self: B }).key);
    });

    it('of its own for each ring and each set of processes', () => {
      const nodes = [1, 2, 3, 23];
      const keys = [
        begun(),
        begun({ seq: 8n }),
        begun({ processes: [A, B] }),
        begun({ nodes, self: at(1, 12), processes: [at(1, 12), at(3, 4)] }),
        begun({ nodes, self: at(1, 1), processes: [at(1, 1), at(23, 4)] }),
      ].map(({ key }) => key);
      expect(new Set(keys).size).to.equal(keys.length);
    });

    it('that is 0 without a ring, and where this daemon is not in it', () => {
      const round = new ViewAgreement(A, checkedOptions({}));
      round.hint({ kind: 'confchg', members: [A, B] });
      round.begin(0);
      expect([round.key, round.ringText, round.isToTell(1e9)]).to.deep.equal([0n, '', false]);
      const other = begun({ nodes: [2, 3] });
      expect([other.key, other.isToTell(1e9), other.isToInstall]).to.deep.equal([0n, false, false]);
    });

    it('that is gone with the transport, with what that said', () => {
      const round = begun();
      round.leaveOut(B, Reason.silent);
      round.forget();
      round.begin(0);
      expect(round.key).to.equal(0n);
      round.hint({ kind: 'ring', rep: 1, seq: 8n, nodes: [1, 2, 3] });
      round.begin(0);
      expect(round.key).to.equal(0n);
      round.hint({ kind: 'confchg', members: [A, B] });
      round.begin(0);
      expect(told(round, A).isToInstall).to.equal(false);
      expect(told(round, B).isToInstall).to.equal(true);
    });
  });

  it('tells the own state at once, then after 50, 100, 200 and 500 ms each', () => {
    const round = begun();
    const times: number[] = [];
    for (let now = 1000; now < 3000; now++) if (round.isToTell(now)) times.push(now - 1000);
    expect(times).to.deep.equal([0, 50, 150, 350, 850, 1350, 1850]);
    round.resend(3000);
    expect([round.isToTell(3000), round.isToTell(3049), round.isToTell(3050)]).to.deep.equal([
      true,
      false,
      true,
    ]);
  });

  describe('takes a state', () => {
    it('of this round, and says so', () => {
      const round = begun();
      expect(round.take(B, stateOf(round))).to.equal(true);
      expect(round.take(B, stateOf(round))).to.equal(true);
    });

    it('of no other ring or processes, and of nobody else', () => {
      const round = begun();
      expect(round.take(B, stateOf(round, { key: 1n }))).to.equal(false);
      expect(round.take(at(4), stateOf(round))).to.equal(false);
      expect(told(round, A, C).isToInstall).to.equal(false);
    });

    it('that is not older than the one it has of this run of the daemon', () => {
      const round = told(begun(), A, C);
      const take = (inc: bigint, attempt: number) => round.take(B, stateOf(round, { inc, attempt }));
      const last = () => round.conclude().members.find(({ node }) => node === 2);
      expect([take(5n, 9), take(5n, 8), take(5n, 9), take(5n, 10)]).to.deep.equal([true, false, true, true]);
      expect(last()).to.include({ inc: 5n, attempt: 10 });
      expect(take(6n, 1)).to.equal(true);
      expect(last()).to.include({ inc: 6n, attempt: 1 });
    });

    it('again of one that was left out', () => {
      const round = told(begun(), A, C);
      round.leaveOut(B, Reason.silent);
      expect(membersOf(round)).to.deep.equal(['1.101', '3.103']);
      expect(membersOf(told(round, B))).to.deep.equal(['1.101', '2.102', '3.103']);
    });

    it('not of one that was refused, until it runs again', () => {
      const round = begun();
      round.leaveOut(B, Reason.name, 1n);
      expect([round.isRefused(B, 1n), round.isRefused(B, 2n), round.isRefused(C, 1n)]).to.deep.equal([
        true,
        false,
        false,
      ]);
      expect(round.take(B, stateOf(round))).to.equal(false);
      expect(round.take(B, stateOf(round, { inc: 2n }))).to.equal(true);
      round.leaveOut(C, Reason.silent, 1n);
      expect(round.isRefused(C, 1n)).to.equal(false);
    });
  });

  describe('is for this daemon to conclude', () => {
    it('when all have told their state, and once', () => {
      const round = told(begun(), A, B);
      expect(round.isToInstall).to.equal(false);
      expect(told(round, C).isToInstall).to.equal(true);
      round.installSent = true;
      expect(round.isToInstall).to.equal(false);
    });

    it('when it is the first of those that are waited for', () => {
      const round = told(begun({ self: B }), A, B, C);
      expect(round.isToInstall).to.equal(false);
      round.leaveOut(A, Reason.silent);
      expect(round.isToInstall).to.equal(true);
    });

    it('when its own state of this attempt came back, and no other', () => {
      const round = told(begun(), B, C);
      round.take(A, stateOf(round, { attempt: round.attempt - 1 }));
      expect(round.isToInstall).to.equal(false);
      expect(told(round, A).isToInstall).to.equal(true);
      round.begin(1000);
      told(round, B, C).take(A, stateOf(round, { attempt: round.attempt - 1 }));
      expect(round.isToInstall).to.equal(false);
    });

    it('and never leaves itself out', () => {
      const round = told(begun(), A, B, C);
      round.leaveOut(A, Reason.silent);
      expect([round.isToInstall, membersOf(round)[0]]).to.deep.equal([true, '1.101']);
    });

    it('without those that are gone, who are waited for when they come back', () => {
      const round = begun();
      round.leaveOut(B, Reason.silent);
      round.leaveOut(C, Reason.silent);
      round.hint({ kind: 'confchg', members: [A, C] });
      round.hint({ kind: 'confchg', members: [A, B, C] });
      round.begin(1000);
      expect(told(round, A).isToInstall).to.equal(false);
      expect(told(round, B).isToInstall).to.equal(true);
      round.waitFor(C);
      expect(round.isToInstall).to.equal(false);
    });
  });

  describe('concludes', () => {
    it('with the members by node and process', () => {
      const processes = [at(2, 9), at(1, 30), A, at(1, 20)];
      const round = told(begun({ processes }), ...processes);
      const names = new Map(processes.map((address, i) => [`${address.node}.${address.pid}`, `n${i}`]));
      for (const address of processes) {
        round.take(address, stateOf(round, { name: names.get(`${address.node}.${address.pid}`) ?? '' }));
      }
      expect(membersOf(round)).to.deep.equal(['1.20', '1.30', '1.101', '2.9']);
    });

    for (const [what, first, second, stays] of [
      ['the first of two without a view', NO_PAST, NO_PAST, 2],
      ['the first of two with one', PAST, PAST, 2],
      ['the one with a view, be it the second', NO_PAST, PAST, 3],
      ['the one with a view, be it the first', PAST, NO_PAST, 2],
    ] as const) {
      it(`of two with one name with ${what}`, () => {
        const round = told(begun(), A);
        round.take(B, stateOf(round, { past: first }));
        round.take(C, stateOf(round, { past: second }));
        const { members, excluded: leftOut } = round.conclude();
        expect(members.map(({ node }) => node)).to.deep.equal([1, stays]);
        expect(leftOut).to.deep.equal([{ ...at(5 - stays), reason: Reason.name }]);
      });
    }

    it('with the silent ones told, and not those of another version', () => {
      const round = told(begun(), A);
      round.leaveOut(B, Reason.silent);
      round.leaveOut(C, null);
      expect(round.conclude().excluded).to.deep.equal([{ ...B, reason: Reason.silent }]);
      round.setApart(C, 1000);
      expect(round.conclude().excluded).to.deep.equal([
        { ...B, reason: Reason.silent },
        { ...C, reason: Reason.report },
      ]);
    });

    it('and takes over what another one concluded', () => {
      const round = told(begun({ self: C }), B);
      round.adoptExclusions([
        { ...A, reason: Reason.silent },
        { ...B, reason: Reason.name },
      ]);
      expect([round.isRefused(B, 1n), round.isRefused(A, 1n)]).to.deep.equal([true, false]);
      expect(told(round, C).isToInstall).to.equal(true);
    });
  });

  describe('waits', () => {
    it('two seconds for companions, one for strangers', () => {
      const round = told(begun(), A);
      round.resend(5000);
      expect(round.dueAt([A, B])).to.equal(2000);
      expect(round.timeUp(1999, [A, B])).to.deep.equal([]);
      expect(round.timeUp(2000, [A, B])).to.deep.equal([C]);
      expect(round.dueAt([A, B])).to.equal(3000);
      expect(round.timeUp(2999, [A, B])).to.deep.equal([]);
      expect(round.timeUp(3000, [A, B])).to.deep.equal([B]);
      expect(round.isToInstall).to.equal(true);
    });

    it('for the rest of the two seconds when strangers are given up', () => {
      const round = told(begun(), A);
      round.timeUp(2100, [A, B]);
      expect(round.timeUp(2999, [A, B])).to.deep.equal([]);
      expect(round.timeUp(3000, [A, B])).to.deep.equal([B]);
    });

    it('for companions from the start when they were given up', () => {
      const round = begun();
      expect(round.timeUp(3000, [A, B, C])).to.deep.equal([B, C]);
      round.waitFor(B);
      expect(round.timeUp(4999, [A, B, C])).to.deep.equal([]);
      expect(round.timeUp(5000, [A, B, C])).to.deep.equal([B]);
    });

    it('for itself as for a companion', () => {
      const round = told(begun(), B, C);
      expect(round.timeUp(2999, [])).to.deep.equal([]);
      expect(round.timeUp(3000, [])).to.deep.equal([]);
      expect(told(round, A).isToInstall).to.equal(true);
    });

    it('no longer than two seconds for the one that should conclude', () => {
      const round = told(begun({ self: B }), A, B, C);
      expect(round.timeUp(2999, [])).to.deep.equal([]);
      expect(round.timeUp(3000, [])).to.deep.equal([A]);
      expect(round.isToInstall).to.equal(true);
      expect(round.timeUp(5000, [])).to.deep.equal([]);
      expect(membersOf(round)).to.deep.equal(['2.102', '3.103']);
    });

    it('and does not give up the one that should conclude while somebody else is silent', () => {
      const round = told(begun({ self: B }), A, B);
      expect(round.timeUp(3000, [A, B, C])).to.deep.equal([C]);
      round.waitFor(C);
      const early = told(begun({ self: B }), A, B, C);
      expect([early.timeUp(2000, []), early.isToInstall]).to.deep.equal([[], false]);
    });

    it('no less when this process stood still', () => {
      const round = told(begun(), A);
      round.shift(1500);
      expect(round.timeUp(2499, [])).to.deep.equal([]);
      expect(round.timeUp(2500, [])).to.deep.equal([B, C]);
    });
  });
});
