/**
 * Daemons whose sessions get whole views, records, or records and lists on demand, and a random life for them: R-15. What
 * two sessions of one daemon saw of a group while both were in it has to be the same.
 */
import { Buffer } from 'node:buffer';
import { AGREED_MESS, JOIN_MESS, LEAVE_MESS, SAFE_MESS } from '../../lib/wire/service.js';
import { nameField } from '../../lib/wire/name.js';
import { encodeMessage } from '../../lib/wire/request.js';
import { Random } from '../support/random.js';
import type { Client } from './core-world.js';
import { Daemons, type Node } from './daemons.js';
import { difference, ViewLog } from './view-log.js';

const DAEMONS = ['a', 'b', 'c'];
const GROUPS = ['g', 'h', 'G'];
const FORMS = ['whole', 'compact', 'on-demand', 'deaf'] as const;
type Form = (typeof FORMS)[number];

/** What a world is like. */
export interface CompactPlan {
  readonly steps: number;
  /** Sessions of each daemon. */
  readonly sessions: number;
  /** How often daemon views change, of all steps. */
  readonly changes: number;
  /** Members of a group above which nobody gets whole views. */
  readonly maxPlainView: number;
}

export const calm: CompactPlan = { steps: 150, sessions: 5, changes: 0, maxPlainView: 4_400 };
export const partitions: CompactPlan = { ...calm, changes: 0.04 };
export const crowded: CompactPlan = { ...calm, sessions: 8, maxPlainView: 7 };

export class Person {
  readonly log: ViewLog;
  isGone = false;

  constructor(
    readonly client: Client,
    readonly node: Node,
    readonly form: Form,
  ) {
    this.log = new ViewLog(client.name, form !== 'whole');
    client.inbox.onFrame = (frame, bytes) => {
      if (form !== 'deaf') this.log.take(frame, bytes);
    };
  }

  join(group: string): void {
    const data = this.form === 'on-demand' ? [Buffer.of(1)] : [];
    this.client.submit(encodeMessage(JOIN_MESS, this.client.name, [group], 0, data));
  }

  leave(group: string): void {
    this.client.submit(encodeMessage(LEAVE_MESS, this.client.name, [group], 0, []));
  }
}

export class CompactWorld {
  private readonly daemons = Daemons.together(...DAEMONS);
  private readonly random: Random;
  private readonly people: Person[] = [];
  private named = 0;
  private texts = 0;

  constructor(
    seed: number,
    private readonly plan: CompactPlan,
    /** Called with each session before anything comes to it. */
    private readonly opened: (person: Person) => void = () => undefined,
  ) {
    this.random = new Random(seed);
    for (const { core } of this.daemons.nodes.values())
      core.limits = { ...core.limits, maxPlainView: plan.maxPlainView };
    for (const node of this.daemons.nodes.values()) for (let i = 0; i < plan.sessions; i++) this.open(node);
  }

  /** @returns what is wrong */
  run(): string[] {
    for (let i = 0; i < this.plan.steps; i++) this.step();
    this.heal();
    this.daemons.run();
    return this.faults();
  }

  private open(node: Node): void {
    const { random } = this;
    const form = random.pick(FORMS);
    const traits = { compact: form === 'compact' || form === 'on-demand' };
    const subject = random.chance(0.2) ? { subject: `s${this.named}` } : {};
    const name = `${random.pick(['n', 'N', '~', 'z'])}${++this.named}`;
    const client = this.daemons.open(name, node.name, form !== 'deaf', { ...traits, ...subject });
    const person = new Person(client, node, form);
    this.people.push(person);
    this.opened(person);
  }

  private step(): void {
    const { random, daemons, plan } = this;
    if (random.chance(plan.changes)) return this.change();
    const dice = random.next();
    const nodes = [...daemons.nodes.values()];
    if (dice < 0.45) this.act(random.pick(this.people));
    else if (dice < 0.6) daemons.order();
    else if (dice < 0.85) daemons.reach([random.pick(nodes).name], 1 + random.below(4));
    else if (dice < 0.97) random.pick(nodes).core.endTurn();
    else daemons.run();
  }

  private act(person: Person): void {
    const { random } = this;
    if (person.isGone) return;
    const { client, node } = person;
    const group = random.pick(GROUPS);
    const dice = random.next();
    if (dice < 0.4) person.join(group);
    else if (dice < 0.6) person.leave(group);
    else if (dice < 0.7) {
      const service = random.chance(0.2) ? SAFE_MESS : AGREED_MESS;
      const to = random.chance(0.2) ? random.several(GROUPS, 2) : [group];
      client.send(`${++this.texts}`, [...new Set(to)], service);
    } else if (dice < 0.95) this.ask(person, group);
    else {
      person.isGone = true;
      client.disconnect();
      person.log.end();
      this.open(node);
    }
  }

  /** For a list, mostly of a group that it is in. */
  private ask({ client, node }: Person, group: string): void {
    const [own] = client.session.member?.groups ?? [];
    node.core.list(client.session, nameField(this.random.chance(0.8) ? (own?.name ?? group) : group));
  }

  /** Everybody in one view, or in two. */
  private change(): void {
    const { random, daemons } = this;
    for (const node of daemons.nodes.values()) node.holdsSafe = random.chance(0.5);
    if (random.chance(0.4)) daemons.change(DAEMONS);
    else {
      const side = DAEMONS.filter(() => random.chance(0.5));
      const other = DAEMONS.filter((name) => !side.includes(name));
      daemons.change(...[side, other].filter(({ length }) => length > 0));
    }
  }

  private heal(): void {
    for (const node of this.daemons.nodes.values()) node.holdsSafe = false;
    if (this.plan.changes > 0) this.daemons.change(DAEMONS);
  }

  private faults(): string[] {
    const faults = this.people.flatMap(({ log }) => log.faults);
    for (const node of this.daemons.nodes.values()) {
      const here = this.people.filter((person) => person.node === node && person.form !== 'deaf');
      for (const [i, one] of here.entries()) {
        for (const other of here.slice(i + 1)) {
          for (const a of one.log.spells) {
            for (const b of other.log.spells) {
              const text = difference(a, b);
              if (text) faults.push(`${a.name} and ${b.name} in ${text}`);
            }
          }
        }
      }
      faults.push(...this.notInStep(here), ...this.tooLarge(node));
    }
    return faults;
  }

  /** In the end everybody knows the groups as the daemon does. */
  private notInStep(here: readonly Person[]): string[] {
    return here.flatMap(({ log, client, isGone, form }) => {
      if (isGone) return [];
      const known = log.spells.filter(({ isOver }) => !isOver);
      const are = [...(client.session.member?.groups ?? [])];
      const faults = are.flatMap((group) => {
        const last = known.find(({ group: name }) => name === group.name)?.entries.findLast(({ id }) => id);
        const members = group.members.toArray().map(({ privateGroup }) => privateGroup);
        const isRight =
          last?.id === group.id.join('.') &&
          last.size === members.length &&
          (form === 'on-demand' || last.members?.join() === members.join());
        return isRight
          ? []
          : [`${log.name} knows ${group.name} as ${last?.text}, expected ${group.id.join('.')}`];
      });
      return known.length === are.length ? faults : [...faults, `${log.name} is in ${are.length} groups`];
    });
  }

  private tooLarge({ core }: Node): string[] {
    return [...core.groups.values()].flatMap((group) =>
      group.members.length > this.plan.maxPlainView && group.isPlain
        ? [`${group.name} has ${group.members.length} members and one with whole views`]
        : [],
    );
  }
}
