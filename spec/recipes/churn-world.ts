/**
 * Lives of a group in which nothing lasts: five places, processes that end and come back under their old names, members
 * that change sides one by one, regroupings while everything is on its way. It found what calmer worlds did not.
 */
import { Random } from '../support/random.js';
import { memberLie, Overheard, Silent, strangerLie } from './liars.js';
import { type Ledger, ledgers, Replicas } from './replicas.js';
import { type Member, RecipeWorld, someClock } from './recipe-world.js';

const PLACES = 5;
const QUORUM = 3;
/** How often a connection is lost, where they are. */
const LOSSES = 0.02;
/** One world in this many has a liar and a stranger. */
const GUESTS_IN = 3;

export class ChurnWorld {
  private readonly random: Random;
  private readonly replicas = new Replicas<Ledger>(ledgers, { quorum: QUORUM });
  private readonly world: RecipeWorld;
  private readonly places: Member[] = [];
  private readonly submitted: { readonly member: Member; readonly ticket: number; readonly text: string }[] =
    [];
  private readonly longest = new Map<Member, number>();
  private readonly seen = new Set<string>();
  /** One that is a member of the group and lies, one that is not a member. */
  private readonly guests: readonly [liar: Member, stranger: Member] | null;
  private readonly heard = new Overheard();

  constructor(
    seed: number,
    private readonly hasGuests = seed % GUESTS_IN === 0,
    private readonly hasLosses = false,
  ) {
    this.random = new Random(seed);
    this.world = new RecipeWorld(this.random);
    this.world.network.hasLeads = this.random.chance(0.5);
    for (let place = 0; place < PLACES; place++) this.start(place);
    this.guests = hasGuests ? this.welcome() : null;
  }

  private welcome(): readonly [Member, Member] {
    const { heard, world } = this;
    const liar = world.start('z-liar', ({ id }) => new Silent(heard, id));
    const stranger = world.start('z-stranger', () => null);
    // It never joins.
    stranger.daemon.outbox.length = 0;
    return [liar, stranger];
  }

  /** Somebody says what he may not say. */
  private lie(): void {
    const { guests, heard, random, world } = this;
    if (!guests) return;
    const isStranger = random.chance(0.5);
    const scene = { group: 'ledger', heard, random, now: world.now, hasQuorum: true };
    const lie = isStranger ? strangerLie(scene) : memberLie(scene);
    const from = guests[isStranger ? 1 : 0];
    for (const body of lie ? [lie.body, ...(lie.more ?? [])] : [])
      if (lie?.to) from.sendTo(lie.to, body);
      else from.send(body, random.chance(0.5) ? 'agreed' : 'safe');
  }

  /** @returns what was wrong */
  live(): string[] {
    const { random, world } = this;
    const cuts = 0.01 + random.next() * 0.06;
    const [crashes, deeds] = [random.next() * 0.02, random.next() * 0.5];
    const [burst, most] = [1 + random.below(4), 1 + random.below(12)];
    for (let steps = 250 + random.below(500); steps > 0; steps--) {
      if (random.chance(cuts)) world.regroup(this.regrouped());
      else if (random.chance(crashes)) this.crash(random.pick(this.up));
      else if (this.hasLosses && random.chance(LOSSES)) this.lose(random.pick(this.up));
      else if (random.chance(0.03)) world.pass(random.below(600));
      else if (random.chance(deeds)) this.submit(random.pick(this.up), 1 + random.below(burst));
      if (this.hasGuests && random.chance(deeds)) this.lie();
      if (random.chance(0.01)) random.pick(this.up).jump(someClock(random));
      this.comeBack();
      for (let count = random.below(most); count > 0; count--) this.step();
    }
    return this.end();
  }

  private get up(): Member[] {
    return this.places.filter(({ isUp }) => isUp);
  }

  private start(place: number): void {
    const ahead = someClock(this.random);
    this.places[place] = this.world.start(`m${place}`, this.replicas.make, undefined, place, ahead);
  }

  private submit(member: Member, count: number): void {
    for (let i = 0; i < count; i++) {
      const text = `c${this.submitted.length}`;
      this.submitted.push({ member, ticket: this.replicas.submit(member, text), text });
    }
  }

  /** As long as a quorum of others remembers; often where nobody sees it. */
  private crash(member: Member): void {
    const { random, world } = this;
    if (!this.mayEnd(member)) return;
    if (random.chance(0.4)) {
      const rest = this.sides().map((side) => side.filter((each) => each !== member));
      world.regroup([...rest.filter(({ length }) => length > 0), [member]]);
    }
    world.crash(member);
  }

  /** For the others it has ended. */
  private lose(member: Member): void {
    if (!this.mayEnd(member)) return;
    if (this.random.chance(0.4)) this.world.kill(member.daemon);
    else this.world.lose(member);
  }

  private mayEnd(member: Member): boolean {
    const others = this.up.filter((each) => each !== member && each.isMember);
    return others.filter((each) => !each.isAway && this.replicas.of(each).core.remembers).length >= QUORUM;
  }

  /** Where its daemon is, or beside others. */
  private comeBack(): void {
    const { random, world } = this;
    for (const [place, member] of this.places.entries()) {
      if (!member.isConnected && random.chance(0.2))
        world.comeBack(
          member,
          random.pick(this.places.filter((each) => each.isUp)).daemon,
          random.chance(0.7),
        );
      if (member.isUp || !random.chance(0.2)) continue;
      if (random.chance(0.7)) world.regroup(this.moved(member));
      this.start(place);
    }
  }

  private sides(): Member[][] {
    const { members, network } = this.world;
    return network.components.map((each) => members.filter(({ daemon }) => daemon.component === each));
  }

  /** One changes sides, or is alone. */
  private moved(mover: Member): Member[][] {
    const left = [...this.sides().map((side) => side.filter((member) => member !== mover)), []];
    this.random.pick(left).push(mover);
    return left.filter(({ length }) => length > 0);
  }

  /** All anew, one that changes sides, two sides that meet, or all together. */
  private regrouped(): Member[][] {
    const { random, world } = this;
    const kind = random.next();
    if (kind < 0.3) {
      const sides: Member[][] = [[], [], []];
      for (const member of world.members)
        random.pick(sides.slice(0, random.chance(0.3) ? 3 : 2)).push(member);
      return sides.filter(({ length }) => length > 0);
    }
    if (kind < 0.6) return this.moved(random.pick(world.members));
    const sides = this.sides();
    if (kind < 0.9 && sides.length > 1) {
      const [joined = []] = sides.splice(random.below(sides.length), 1);
      random.pick(sides).push(...joined);
      return sides;
    }
    return [[...world.members]];
  }

  /** What is shown where commands are applied never goes back. */
  private step(): boolean {
    const moved = this.world.step();
    for (const member of this.up) {
      const { core, machine } = this.replicas.of(member);
      if (!core.isWritable) continue;
      const { length } = machine.lines;
      if (length < (this.longest.get(member) ?? 0)) this.seen.add(`${member.name} goes back to ${length}`);
      this.longest.set(member, length);
    }
    return moved;
  }

  private end(): string[] {
    const { world } = this;
    // Those who come back then may be the last that a quorum waits for.
    for (let round = 0; round < 4; round++) {
      world.regroup([[...world.members]]);
      while (this.step());
      world.settle();
      for (const member of this.up) world.comeBack(member, member.daemon);
      this.comeBack();
      world.settle();
    }
    for (const member of this.up) this.submit(member, 1);
    world.settle();
    return [...this.seen, ...this.faults()];
  }

  private faults(): string[] {
    const faults: string[] = [];
    const { up, replicas } = this;
    const lines = up[0] ? replicas.of(up[0]).machine.lines : [];
    const places = new Map(lines.map((line, i) => [line, i]));
    const own = lines.filter((line) => line.startsWith('c'));
    if (new Set(own).size !== own.length) faults.push('a command is there twice');
    faults.push(...lines.filter((line) => !/^(c\d+|of a liar .*)$/.test(line)));
    for (const member of up) {
      const { core, machine } = replicas.of(member);
      if (!core.hasState) faults.push(`${member.name} has no state`);
      faults.push(...replicas.bounds(member));
      if (core.waiting > 0) faults.push(`${member.name} waits`);
      if (String(machine.lines) !== String(lines)) faults.push(`${member.name} has another state`);
    }
    for (const { member, ticket, text } of this.submitted) {
      const outcome = replicas.of(member).outcomes.get(ticket);
      const place = places.get(text);
      if (outcome && place === undefined) faults.push(`${text} (${outcome.kind}) is lost`);
      else if (outcome?.kind === 'applied' && place !== Number(outcome.result) - 1)
        faults.push(`${text} is not where it was said to be`);
    }
    return faults;
  }
}
