/** Worlds for elections that prefer the oldest: one in which a member lies about its age, one in which members move. */
import type { Buffer } from 'node:buffer';
import { ElectionCore } from '../../lib/recipes/core/election.js';
import type { RecipeView } from '../../lib/recipes/core/port.js';
import type { Seniority, SeniorityRecord, Since } from '../../lib/recipes/core/seniority.js';
import { Random } from '../support/random.js';
import { Elections } from './elections.js';
import { type Member, RecipeWorld } from './recipe-world.js';

const STEPS = 250;
const HONEST = 3;

/** What a liar says of its own age, and of that of the others. */
function lie({ since, elders }: Seniority, random: Random): Seniority {
  const ages: Since[] = [{ time: 0, counter: 0 }, since, ...elders];
  const { time, counter } = random.pick(ages);
  const younger = elders.map((elder) => Object.assign({}, elder, { time: elder.time + 1 }));
  return { since: { time, counter }, elders: random.pick([elders, younger, []]) };
}

/**
 * A member that states too much comes to others that know each other, and is the first of the view. With two of them it
 * never leads: each of them has seen it join, and remembers that, and nobody leaves.
 */
export function outbid(seed: number): string[] {
  const random = new Random(seed);
  const elections = new Elections(1, 'oldest');
  const world = new RecipeWorld(random);
  for (let i = 1; i <= HONEST; i++) {
    world.start(`m${i}`, elections.make, undefined, i);
    world.settle();
  }
  const makeLiar = (member: Member): ElectionCore => {
    const core = elections.make(member);
    const { seniority } = core as unknown as { seniority: SeniorityRecord };
    const state = seniority.view.bind(seniority);
    seniority.view = (view) => lie(state(view), random);
    return core;
  };
  const liar = world.start('liar', makeLiar, undefined, 0);
  world.settle();
  for (let i = 0; i < STEPS; i++) {
    const chance = random.next();
    if (chance < 0.04) scatter(world, random);
    else if (chance < 0.06) random.pick(world.members).isFrozen = random.chance(0.5);
    else if (chance < 0.1) world.pass(random.below(400));
    for (let many = random.below(8); many > 0; many--) world.step();
  }
  for (const member of world.members) member.isFrozen = false;
  world.regroup([world.members]);
  world.settle();
  const crowds = elections.speakersUnder(liar.id).filter(({ size }) => size > 2);
  return crowds.map((speakers) => `${liar.id} leads ${[...speakers].join(' ')}`);
}

function scatter(world: RecipeWorld, random: Random): void {
  const sets: Member[][] = [[], []];
  const count = random.chance(0.5) ? 1 : 2;
  for (const member of world.members) random.pick(sets.slice(0, count)).push(member);
  world.regroup(sets.filter(({ length }) => length > 0));
}

/** Elections of members that hear everything at once. */
class Table {
  readonly cores = new Map<string, ElectionCore>();
  private readonly sent: { readonly sender: string; readonly body: Buffer }[] = [];
  private counter = 0;

  /** @param ids who each of them is now */
  constructor(private readonly ids: Map<ElectionCore, string>) {}

  enter(id: string): void {
    const core: ElectionCore = new ElectionCore(
      id,
      {
        send: (body) => void this.sent.push({ sender: this.ids.get(core) as string, body }),
        sendTo: () => undefined,
        elected: () => undefined,
        leaderLost: () => undefined,
        doubted: () => undefined,
      },
      { prefer: 'oldest' },
    );
    this.ids.set(core, id);
    this.install('join', core);
  }

  leave(core: ElectionCore): void {
    this.ids.delete(core);
    this.install('disconnect');
  }

  /** It is at another daemon from now on, and has missed nothing. */
  move(core: ElectionCore, to: string, cause: RecipeView['cause']): void {
    const from = this.ids.get(core) as string;
    core.lost();
    // Those who join have gone before; a network view shows both.
    if (cause === 'join') this.leave(core);
    core.rejoined(to, true);
    this.ids.set(core, to);
    this.install(cause, core, [{ from, to }]);
    core.resumed(0);
  }

  /** A view, and what all state in it. */
  private install(
    cause: RecipeView['cause'],
    alone: ElectionCore | null = null,
    returned: NonNullable<RecipeView['returned']> = [],
  ): void {
    const members = [...this.ids.values()].toSorted();
    const own = alone && (this.ids.get(alone) as string);
    const others = members.filter((member) => member !== own);
    const id = [0, 1, ++this.counter] as const;
    for (const core of this.ids.keys())
      core.view({ id, cause, members, cameWithMe: own && core === alone ? [own] : others, returned }, 0);
    for (const { sender, body } of this.sent.splice(0))
      for (const core of this.ids.keys()) core.message(sender, body, 0);
  }
}

/** Members come, go and move. Nobody but the leader itself takes the lead from it, and not by moving. */
export function moved(seed: number): string[] {
  const random = new Random(seed);
  const ids = new Map<ElectionCore, string>();
  const table = new Table(ids);
  const faults: string[] = [];
  const leader = (): ElectionCore | undefined => {
    const leaders = [...ids.keys()].filter((core) => core.leadership?.isMe);
    if (leaders.length !== 1) faults.push(`${leaders.length} lead`);
    return leaders[0];
  };
  let count = 0;
  const newId = (name: number): string => `#m${name}#d${random.below(90) + 10}`;
  const enter = (): void => table.enter(newId(++count + random.below(9) * 100));
  enter();
  for (let i = 0; i < 30; i++) {
    const before = leader();
    const core = random.pick([...ids.keys()]);
    const chance = random.next();
    let what = 'comes';
    if (chance < 0.3 || ids.size < 3) enter();
    else if (chance < 0.6) {
      what = `${ids.get(core)} moves`;
      const name = (ids.get(core) as string).split('#')[1] as string;
      table.move(core, newId(Number(name.slice(1))), random.pick(['join', 'network']));
    } else {
      what = `${ids.get(core)} goes`;
      table.leave(core);
    }
    const after = leader();
    if (before && ids.has(before) && after !== before) faults.push(`${what}, and another one leads`);
  }
  return faults;
}
