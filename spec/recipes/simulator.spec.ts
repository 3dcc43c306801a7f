/** Recipes on the simulated daemons: real frames, groups, engines; partitions, merges, crashes and frozen daemons. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { CallCore } from '../../lib/recipes/core/call.js';
import { MembersCore } from '../../lib/recipes/core/members.js';
import type { RecipeCore } from '../../lib/recipes/core/port.js';
import { Elections } from './elections.js';
import { ledgers, Replicas } from './replicas.js';
import { simulate, type SimulatedMember } from './simulated.js';
import type { Member } from './world.js';

const HOUR = 3_600_000;
/** Worlds of each kind; more of them by hand. */
const SEEDS = Number(process.env['RECIPE_SEEDS'] ?? 40);

describe('on simulated daemons', () => {
  for (const kind of ['ideal', 'cpg'] as const) {
    it(`replicas with a quorum lose nothing (${kind})`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const replicas = new Replicas(ledgers, { quorum: 3 });
        const submitted = new Map<Member, number>();
        let count = 0;
        const members = simulate(seed, {
          kind,
          members: 5,
          crashes: false,
          make: (member) => replicas.make(member as unknown as Member),
          act: (member) => {
            const key = member as unknown as Member;
            submitted.set(key, (submitted.get(key) ?? 0) + 1);
            member.act(() => replicas.submit(key, `c${++count}`));
          },
        }) as unknown as Member[];
        const states = members.map((member) => replicas.of(member).machine.lines);
        for (const state of states) expect(state, `seed ${seed}`).to.deep.equal(states[0]);
        expect(new Set(states[0]).size, `seed ${seed}`).to.equal(count);
        expect(states[0], `seed ${seed}`).to.have.length(count);
        for (const member of members)
          expect(replicas.of(member).outcomes.size, `seed ${seed}`).to.equal(submitted.get(member) ?? 0);
      }
    }).timeout(120_000);

    it(`replicas without one are equal in the end, whatever crashed (${kind})`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const replicas = new Replicas(ledgers, { quorum: null });
        let count = 0;
        const members = simulate(seed, {
          kind,
          members: 7,
          crashes: true,
          make: (member) => replicas.make(member as unknown as Member),
          act: (member) => member.act(() => replicas.submit(member as unknown as Member, `c${++count}`)),
        });
        const left = members.filter(({ core }) => core) as unknown as Member[];
        const states = left.map((member) => replicas.of(member).machine.lines);
        for (const member of left) expect(replicas.of(member).core.isLive, `seed ${seed}`).to.equal(true);
        for (const state of states) expect(state, `seed ${seed}`).to.deep.equal(states[0]);
      }
    }).timeout(120_000);

    it(`elections have one leader in a view, and no term twice (${kind})`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const elections = new Elections(3);
        const make = (member: SimulatedMember): RecipeCore => elections.make(member as unknown as Member);
        const members = simulate(seed, { kind, members: 5, crashes: false, make });
        expect(elections.faults(true), `seed ${seed}`).to.deep.equal([]);
        const leaders = members.map((member) => elections.at(member as unknown as Member)?.leader);
        expect(new Set(leaders), `seed ${seed}`).to.deep.equal(new Set(['#m0#d1']));
      }
    }).timeout(120_000);

    it(`members know of one another, whatever crashed (${kind})`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        let instances = 0;
        const members = simulate(seed, {
          kind,
          members: 7,
          crashes: true,
          make: (member) =>
            new MembersCore(member.privateName, ++instances, Buffer.from(member.name), HOUR, {
              send: (body, service) => member.send(body, service),
              sendTo: (name, body) => member.sendTo(name, body),
              joined: () => undefined,
              updated: () => undefined,
              left: () => undefined,
              unreachable: () => undefined,
              returned: () => undefined,
            }),
        });
        const left = members.filter(({ core }) => core);
        const names = left.map(({ privateName }) => privateName);
        for (const { core } of left) {
          const known = (core as MembersCore).reachable.map(({ name }) => name);
          expect(known, `seed ${seed}`).to.have.members(names);
        }
      }
    }).timeout(120_000);

    it(`calls end, whatever crashed (${kind})`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        let [begun, ended, instances] = [0, 0, 0];
        const members = simulate(seed, {
          kind,
          members: 7,
          crashes: true,
          make: (member) => {
            const core: CallCore = new CallCore(++instances, true, {
              send: (body, service) => member.send(body, service),
              sendTo: (name, body) => member.sendTo(name, body),
              request: (_, ticket, body) => core.answer(ticket, body),
              done: () => void ended++,
              broken: () => void ended++,
            });
            return core;
          },
          act: (member) =>
            member.act(() => {
              begun++;
              (member.core as CallCore).call(Buffer.from('q'), 'all', 3000, member.now);
            }),
        });
        expect(ended, `seed ${seed}`).to.equal(begun);
        expect(members.every(({ core }) => !core || (core as CallCore).open === 0)).to.equal(true);
      }
    }).timeout(120_000);
  }
});
