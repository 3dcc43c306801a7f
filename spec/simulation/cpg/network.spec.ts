import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { CpgEvent } from '../../../daemon/engine/views/ordered-transport.js';
import { Random } from '../../support/random.js';
import { Loop } from '../../../daemon/testing/time/loop.js';
import { Process } from '../../../daemon/testing/time/process.js';
import { Trace } from '../../../daemon/testing/network/trace.js';
import { CpgNetwork } from './network.js';
import type { Client, Node } from './node.js';
import type { CpgOptions } from './options.js';

const tame: CpgOptions = {
  detection: 100,
  merge: 50,
  forming: 10,
  delay: 2,
  dispatch: 1,
  batch: 100,
  queue: 20,
  window: 2,
  throwAway: 0,
  interrupted: 0,
  silentReturn: 0,
  opinions: 0,
  oneSided: 0,
  ghost: 0,
  ringLost: 0,
};

/** One process on each node, which keeps what it is told. */
class Rig {
  readonly loop = new Loop();
  readonly network: CpgNetwork;
  readonly told: string[][] = [];
  /** How often the connection to its Corosync was lost. */
  readonly deaths: number[] = [];

  constructor(count: number, options: Partial<CpgOptions> = {}, seed = 1) {
    const context = {
      time: this.loop,
      random: new Random(seed),
      trace: new Trace(this.loop, false),
      violations: [],
    };
    this.network = new CpgNetwork(context, count, { ...tame, ...options });
    for (const node of this.network.nodes) this.attach(node);
    this.wait(500);
    for (const list of this.told) list.length = 0;
  }

  node(id: number): Node {
    return this.network.nodes[id - 1] as Node;
  }

  of(id: number): string[] {
    return this.told[id - 1] as string[];
  }

  /** What came from others and itself, without the hints. */
  messages(id: number): string[] {
    return this.of(id).filter((line) => !line.startsWith('C') && !line.startsWith('T'));
  }

  send(id: number, ...texts: readonly string[]): void {
    for (const text of texts) expect(this.node(id).mcast(Buffer.from(text), null)).to.equal('ok');
    this.network.wake(this.node(id));
  }

  wait(time: number): void {
    this.loop.runTo(this.loop.now + time);
  }

  private attach(node: Node): void {
    const told: string[] = [];
    this.told.push(told);
    this.deaths.push(0);
    const client: Client = {
      process: new Process(this.loop),
      pid: 7,
      events: (batch) => told.push(...batch.map(textOf)),
      dead: () => {
        this.deaths[node.id - 1] = (this.deaths[node.id - 1] as number) + 1;
      },
    };
    this.network.attach(node, client);
  }
}

function textOf(event: CpgEvent): string {
  if (event.kind === 'deliver') return event.data.toString();
  if (event.kind === 'confchg') return `C ${event.members.map(({ node }) => node).join()}`;
  return `T ${event.nodes.join()}`;
}

describe('simulation: hostile CPG', () => {
  it('brings everybody the same in the same order while the ring stands', () => {
    const rig = new Rig(3);
    rig.send(1, 'a', 'b', 'c');
    rig.send(2, 'd', 'e');
    rig.wait(100);
    expect(rig.messages(1)).to.have.members(['a', 'b', 'c', 'd', 'e']);
    expect(rig.messages(2)).to.deep.equal(rig.messages(1));
    expect(rig.messages(3)).to.deep.equal(rig.messages(1));
  });

  it('tells who is lost, and the ring last, on both sides of a cut', () => {
    const rig = new Rig(3);
    rig.network.connect([[0, 1], [2]]);
    rig.wait(300);
    expect(rig.of(1)).to.deep.equal(['C 1,2', 'T 1,2']);
    expect(rig.of(3)).to.deep.equal(['C 3', 'T 3']);
  });

  it('merges two rings in one step', () => {
    const rig = new Rig(3);
    rig.network.connect([[0, 1], [2]]);
    rig.wait(300);
    rig.network.connect([[0, 1, 2]]);
    rig.wait(300);
    expect(rig.of(1).slice(2)).to.deep.equal(['C 1,2,3', 'T 1,2,3']);
    expect(rig.of(3).slice(2)).to.deep.equal(['C 1,2,3', 'T 1,2,3']);
  });

  it('notices nothing of a cut that heals in time, and loses nothing', () => {
    const rig = new Rig(3);
    rig.network.connect([[0, 1], [2]]);
    rig.send(1, 'a');
    rig.wait(50);
    rig.network.connect([[0, 1, 2]]);
    rig.wait(300);
    expect(rig.of(3)).to.deep.equal(['a']);
  });

  it('tells a node that was frozen of its loss and its return at once', () => {
    const rig = new Rig(3);
    rig.network.freeze(rig.node(2));
    rig.wait(300);
    rig.network.thaw(rig.node(2));
    rig.wait(300);
    expect(rig.of(2)).to.deep.equal(['C 2', 'C 1,2,3', 'T 1,2,3']);
    expect(rig.of(1)).to.deep.equal(['C 1,3', 'T 1,3', 'C 1,2,3', 'T 1,2,3']);
  });

  it('forms rings of those who hear each other only, and not always the same, while one does not hear another', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 10; seed++) {
      const rig = new Rig(3, {}, seed);
      rig.network.deafen(rig.node(3), rig.node(1), true);
      rig.wait(3000);
      for (const line of [1, 2, 3].flatMap((id) => rig.of(id))) if (line.startsWith('T')) seen.add(line);
      rig.network.deafen(rig.node(3), rig.node(1), false);
      rig.wait(3000);
      for (const id of [1, 2, 3]) expect(rig.of(id).at(-1)).to.equal('T 1,2,3');
      expect(rig.network.isSettled).to.equal(true);
    }
    expect([...seen].toSorted()).to.deep.equal(['T 1', 'T 1,2', 'T 2,3', 'T 3']);
  });

  it('has a frozen node answer a question when it is thawed, and others at once', () => {
    const rig = new Rig(2);
    const answers: string[] = [];
    const ask = (id: number): void => {
      const { client } = rig.node(id);
      if (client) rig.node(id).ask(client, () => answers.push(`node ${id}`));
    };
    rig.network.freeze(rig.node(1));
    for (const id of [1, 2]) ask(id);
    rig.wait(10);
    expect(answers).to.deep.equal(['node 2']);
    rig.network.thaw(rig.node(1));
    rig.wait(10);
    expect(answers).to.deep.equal(['node 2', 'node 1']);
  });

  it('says again when its queue is full, and when the ring changes', () => {
    const rig = new Rig(2);
    const texts = Array.from({ length: tame.queue }, (_, i) => `m${i}`);
    rig.send(1, ...texts);
    expect(rig.node(1).mcast(Buffer.from('more'), null)).to.equal('again');
    rig.wait(100);
    rig.node(1).isChanging = true;
    expect(rig.node(1).mcast(Buffer.from('more'), null)).to.equal('again');
  });

  it('orders in the next ring what was accepted in the last', () => {
    const rig = new Rig(2);
    rig.network.connect([[0], [1]]);
    rig.send(1, 'late');
    rig.wait(300);
    expect(rig.of(1)).to.deep.equal(['C 1', 'T 1', 'late']);
  });

  it('loses to a newcomer what a sender had in its queue, until that was empty once', () => {
    const rig = new Rig(3, { throwAway: 1, window: 1 });
    rig.network.connect([[0, 1], [2]]);
    rig.wait(300);
    // The ring of two stands still and the queue fills, until node 1 meets node 3 instead.
    rig.network.freeze(rig.node(2));
    rig.send(1, 'a', 'b', 'c');
    rig.network.connect([[0, 1, 2]]);
    rig.wait(300);
    rig.send(1, 'd');
    rig.wait(100);
    expect(rig.messages(1)).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(rig.messages(3)).to.deep.equal(['d']);
  });

  it('lets one side have its own last messages alone', () => {
    const rig = new Rig(2, { oneSided: 1 });
    rig.send(1, 'alone');
    rig.network.connect([[0], [1]]);
    rig.wait(300);
    expect(rig.of(1)).to.deep.equal(['alone', 'C 1', 'T 1']);
    expect(rig.of(2)).to.deep.equal(['C 2', 'T 2']);
  });

  it('keeps a ghost in the list that is not in the ring', () => {
    const rig = new Rig(3, { ghost: 1 });
    rig.network.kill(rig.node(3));
    rig.wait(300);
    expect(rig.of(1)).to.deep.equal(['T 1,2']);
    rig.network.detach(rig.node(2));
    rig.wait(100);
    expect(rig.of(1).at(-1)).to.equal('C 1,3');
  });

  it('never reports a node that was away while it was interrupted', () => {
    const silent = { silentReturn: 1, forming: 40 };
    const histories = Array.from({ length: 40 }, (_, seed) => {
      const rig = new Rig(3, silent, seed);
      rig.network.connect([[0, 1], [2]]);
      rig.wait(110 + seed);
      rig.network.connect([[0, 1, 2]]);
      rig.wait(400);
      return rig.of(1).join(' ');
    });
    expect(histories).to.include('T 1,2,3');
  });

  it('tells a process that its Corosync is dead, once', () => {
    const rig = new Rig(2);
    rig.network.kill(rig.node(1));
    rig.wait(10);
    expect(rig.deaths).to.deep.equal([1, 0]);
    expect(rig.node(1).mcast(Buffer.from('x'), null)).to.equal('dead');
  });

  it('tells of a process that is gone in its place in the order', () => {
    const rig = new Rig(2);
    rig.send(1, 'a', 'b');
    rig.network.detach(rig.node(1));
    rig.wait(100);
    expect(rig.of(2)).to.deep.equal(['a', 'b', 'C 2']);
  });
});
