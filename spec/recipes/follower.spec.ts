/** What a member that missed nothing does with its state while it is not in the group. */
import { expect } from 'chai';
import { decode } from '../../lib/recipes/core/replicated/messages.js';
import { Random } from '../support/random.js';
import { type Member, RecipeWorld } from './recipe-world.js';
import { type Ledger, ledgers, Replicas } from './replicas.js';

/** Three members with a state, and what each of them says. */
class Scene {
  readonly world = new RecipeWorld(new Random(3));
  readonly replicas: Replicas<Ledger>;
  readonly members: readonly [Member, Member, Member];
  readonly said: string[] = [];

  constructor(quorum: number | null) {
    const { world } = this;
    const replicas = new Replicas<Ledger>(ledgers, { quorum });
    this.replicas = replicas;
    const members = ['a', 'b', 'c'].map((name) => world.start(name, replicas.make));
    this.members = members as [Member, Member, Member];
    world.settle();
    this.submit('first', members[1]);
    const { network } = world;
    const send = network.sendAs.bind(network);
    network.sendAs = (daemon, sender, to, body, isSafe) => {
      this.said.push(`${sender} ${decode(body)?.kind}`);
      send(daemon, sender, to, body, isSafe);
    };
  }

  submit(text: string, member: Member | undefined): void {
    this.replicas.submit(member as Member, text);
    this.world.settle();
  }

  lines(member: Member): string {
    return this.replicas.of(member).machine.lines.join();
  }

  /** The first one is back, at the daemon of the second one, and all that there is to do is done. */
  comeBack(isWhole: boolean): void {
    const [a, b] = this.members;
    this.said.length = 0;
    this.world.comeBack(a, b.daemon, isWhole);
    this.world.settle();
    expect(a.id).to.equal('#a#d01');
  }

  /** Whether somebody asked for pieces of the state. */
  get isTransferred(): boolean {
    return this.said.some((text) => text.endsWith(' pull'));
  }

  expectAll(lines: string): void {
    for (const member of this.members) {
      expect(this.lines(member), member.id).to.equal(lines);
      expect(this.replicas.of(member).core.isWritable, member.id).to.equal(true);
    }
  }
}

for (const quorum of [null, 2]) {
  describe(`a replica outside its group, ${quorum ? 'with' : 'without'} a quorum`, () => {
    it('applies what the others apply, and is given nothing', () => {
      const scene = new Scene(quorum);
      const [a, b, c] = scene.members;
      scene.world.lose(a);
      scene.submit('second', b);
      scene.submit('third', c);
      scene.comeBack(true);
      expect(scene.said).to.include('#a#d01 arrived');
      expect(scene.isTransferred).to.equal(false);
      scene.expectAll('first,second,third');
      scene.submit('fourth', a);
      scene.expectAll('first,second,third,fourth');
    });

    it('is given the state where something is missing', () => {
      const scene = new Scene(quorum);
      scene.world.lose(scene.members[0]);
      scene.submit('second', scene.members[1]);
      scene.comeBack(false);
      expect(scene.isTransferred).to.equal(true);
      scene.expectAll('first,second');
    });

    it('is given the state where its daemon has died: what continues then is agreed on', () => {
      const scene = new Scene(quorum);
      scene.world.kill(scene.members[0].daemon);
      scene.submit('second', scene.members[1]);
      scene.comeBack(true);
      expect(scene.isTransferred).to.equal(true);
      scene.expectAll('first,second');
    });

    it('follows while others come and go, and ask for the state', () => {
      const scene = new Scene(quorum);
      const { world, replicas, members } = scene;
      const [a, b, c] = members;
      world.lose(a);
      scene.submit('second', b);
      const d = world.start('d', replicas.make);
      world.settle();
      scene.submit('third', d);
      world.crash(d);
      scene.submit('fourth', c);
      scene.comeBack(true);
      expect(scene.isTransferred).to.equal(false);
      scene.expectAll('first,second,third,fourth');
    });

    it('follows over a second loss', () => {
      const scene = new Scene(quorum);
      const [a, b, c] = scene.members;
      scene.world.lose(a);
      scene.submit('second', b);
      scene.world.comeBack(a, c.daemon, true);
      scene.world.lose(a);
      scene.submit('third', b);
      scene.comeBack(true);
      expect(scene.isTransferred).to.equal(false);
      scene.expectAll('first,second,third');
    });

    it('knows what became of commands that were on their way', () => {
      const scene = new Scene(quorum);
      const { replicas, world } = scene;
      const [a, b] = scene.members;
      const tickets = ['second', 'third'].map((text) => replicas.submit(a, text));
      // It has sent them, and hears nothing of them before its end.
      while (a.daemon.outbox.length > 0) world.network.step();
      world.lose(a);
      world.settle();
      scene.comeBack(true);
      expect(scene.isTransferred).to.equal(false);
      const outcomes = tickets.map((ticket) => replicas.of(a).outcomes.get(ticket)?.kind);
      expect(
        outcomes.every((kind) => kind === 'applied' || kind === 'unknown'),
        String(outcomes),
      ).to.equal(true);
      scene.submit('fourth', b);
      scene.expectAll('first,second,third,fourth');
    });
  });
}
