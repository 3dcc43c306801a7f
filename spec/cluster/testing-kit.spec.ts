/** What `ssp-toolkit/testing` shows is what real nodes do: the same done to both, members see the same. */
import { expect } from 'chai';
import { skipWithoutCluster, whyNoCluster } from '../support/cluster/available.js';
import { type FaultStage, KitStage, NodeStage, type StageMember } from './fault-stage.js';
import { freshRig, type Rig } from './shared.js';

type Program = (
  stage: FaultStage,
  members: readonly [StageMember, StageMember, StageMember],
) => Promise<void>;

/** Each of them says something that all whom it reaches hear. */
async function all(stage: FaultStage, members: readonly StageMember[], text: string): Promise<void> {
  for (const [i, member] of members.entries()) {
    await member.say(`${text} ${i}`);
    await stage.settled();
  }
}

/** For each fault of the guide's table that has a counterpart on real nodes: how often each member is handed something, at least. */
const programs: Readonly<Record<string, readonly [least: number, program: Program]>> = {
  'partition and heal': [
    8,
    async (stage, members) => {
      await stage.divide([[0], [1, 2]]);
      await stage.settled();
      await all(stage, members, 'apart');
      await stage.divide([[0, 1, 2]]);
      await stage.settled();
      await all(stage, members, 'together');
    },
  ],
  'kill and start': [
    4,
    async (stage, members) => {
      await stage.kill(0);
      await stage.settled();
      await all(stage, members.slice(1), 'without');
      await stage.start(0);
      const again = await stage.join(0, 'again');
      await all(stage, [...members.slice(1), again], 'with');
    },
  ],
  stop: [
    5,
    async (stage, members) => {
      await all(stage, members, 'before');
      await stage.stop(0);
      await stage.settled();
      await all(stage, members.slice(1), 'after');
      await stage.start(0);
    },
  ],
  'freeze and thaw': [
    6,
    async (stage, members) => {
      await stage.freeze(0);
      await stage.settled();
      await all(stage, members.slice(1), 'without');
      await stage.thaw(0);
      await stage.settled();
      await all(stage, members, 'with');
    },
  ],
  cut: [
    2,
    async (stage, members) => {
      stage.cut(members[0]);
      await stage.settled();
      await all(stage, members.slice(1), 'without');
    },
  ],
  'pause and unpause': [
    6,
    async (stage, members) => {
      stage.pause(members[0], true);
      await all(stage, members.slice(1), 'unread');
      expect(members[0].words.filter((each) => each.includes('unread'))).to.deep.equal([]);
      stage.pause(members[0], false);
      await stage.settled();
      await all(stage, members, 'read');
    },
  ],
};

/** What each member has seen. */
async function play(stage: FaultStage, program: Program): Promise<string[][]> {
  for (const [daemon, name] of ['ann', 'bob', 'cid'].entries()) await stage.join(daemon, name);
  const [a, b, c] = stage.members as [StageMember, StageMember, StageMember];
  await program(stage, [a, b, c]);
  return stage.members.map(({ words }) => [...words]);
}

describe('ssp-toolkit/testing shows what three nodes do', function () {
  this.timeout(60_000);
  let rig: Rig;
  before(skipWithoutCluster);

  before(async function () {
    if (whyNoCluster() === null) rig = await freshRig();
  });

  for (const [name, [least, program]] of Object.entries(programs)) {
    it(name, async () => {
      await using kit = await KitStage.start();
      const expected = await play(kit, program);
      for (const words of expected) expect(words.length).to.be.at.least(least);
      await using nodes = new NodeStage(rig, kit.counts);
      expect(await play(nodes, program)).to.deep.equal(expected);
    });
  }
});
