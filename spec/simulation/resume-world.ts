/**
 * Connections that come back, in a random world: daemons die and start, links are cut or freeze, and programs join, leave and
 * send all the while. One connection at a daemon that lives through it is the witness of the one order.
 */
import { Buffer } from 'node:buffer';
import type { Connection } from '../../lib/client/connection.js';
import type { GroupEvent } from '../../lib/client/event.js';
import type { Group } from '../../lib/client/group.js';
import { groupIdText } from '../../lib/wire/group-id.js';
import { Random } from '../support/random.js';
import { LibraryWorld } from './library-world.js';

const GROUPS = ['red', 'green', 'blue'];
/** The daemon of the witness, the last one, is left alone. */
const DAEMONS = 3;
const PROGRAMS = 4;
const FROZEN_MS = 1_000;

/** What one membership of a program was handed, in order. */
interface Log {
  readonly program: string;
  readonly group: string;
  readonly events: GroupEvent[];
}

interface Program {
  readonly name: string;
  readonly connection: Connection;
  /** Groups that it wants to be in. */
  readonly joined: Map<string, Group>;
  readonly busy: Set<string>;
  losses: number;
  returns: number;
  sent: number;
  /** Messages whose promise has not settled. */
  unsettled: number;
  /** What was sent, and where to. */
  readonly messages: (readonly [text: string, groups: readonly string[]])[];
  /** Errors that nothing should give. */
  readonly errors: string[];
}

export interface Outcome {
  readonly violations: readonly string[];
  readonly losses: number;
  readonly gaps: number;
  readonly messages: number;
}

export class ResumeWorld {
  readonly world: LibraryWorld;
  private readonly random: Random;
  private readonly logs: Log[] = [];
  private readonly witness = new Map<string, GroupEvent[]>();
  private readonly programs: Program[] = [];

  constructor(
    seed: number,
    private readonly isNumbered: boolean,
  ) {
    this.world = new LibraryWorld(seed, DAEMONS, isNumbered);
    this.random = new Random(seed ^ 0x5eed);
  }

  /** Runs the world for that many steps, lets it settle, and says what was wrong. */
  static async run(seed: number, steps: number, isNumbered: boolean): Promise<Outcome> {
    const it = new ResumeWorld(seed, isNumbered);
    try {
      await it.world.run(it.play(steps));
    } catch (error) {
      return { violations: [`R-16: ${(error as Error).message}`], losses: 0, gaps: 0, messages: 0 };
    }
    return it.outcome();
  }

  private async play(steps: number): Promise<void> {
    const { random, world } = this;
    await world.isWhole();
    await this.watch();
    const addresses = Array.from({ length: DAEMONS }, (_, i) => `4803@d${i + 1}`);
    for (let i = 0; i < PROGRAMS; i++) {
      const resume = { giveUpMs: Infinity, balance: true };
      this.add(`p${i}`, await world.connect(0, `p${i}`, { addresses, resume }));
    }
    for (let step = 0; step < steps; step++) {
      this.step();
      await world.sleep(random.below(random.chance(0.1) ? 400 : 12));
    }
    for (let i = 0; i < DAEMONS; i++) this.heal(i);
    await world.isWhole();
    await world.until(() => this.programs.every(({ connection }) => connection.open), 'all to be back');
    await world.until(() => this.isQuiet(), 'all joins and leaves to be answered');
    await this.lastWord(() => undefined);
    await this.lastWord(() => {
      for (let i = 0; i < DAEMONS - 1; i++) world.kill(i);
    });
  }

  /** Everybody is lost once more, says something meanwhile, and the others hear it. */
  private async lastWord(lose: () => void): Promise<void> {
    const { world, programs } = this;
    const first = programs.map(({ sent }) => sent);
    for (const program of programs) {
      program.connection.once('reconnecting', () => {
        for (const group of GROUPS) this.send(program, [group], false);
      });
    }
    lose();
    for (const { connection } of programs) if (connection.open) world.cut(connection);
    const isHeard = (): boolean =>
      GROUPS.every((group) =>
        programs.every(({ name }, i) => this.said(group).some((text) => isSaid(text, name, first[i] ?? 0))),
      );
    await world.until(isHeard, 'the last messages');
    await world.until(() => this.isQuiet(), 'the last returns');
    await world.sleep(200);
  }

  private isQuiet(): boolean {
    return this.programs.every(
      ({ joined, busy, unsettled }) =>
        busy.size === 0 && unsettled === 0 && [...joined.values()].every(({ isMember }) => isMember),
    );
  }

  private async watch(): Promise<void> {
    const witness = await this.world.connect(DAEMONS - 1, 'witness');
    for (const name of GROUPS) {
      const events: GroupEvent[] = [];
      this.witness.set(name, events);
      (await witness.join(name)).on('event', (event) => events.push(event));
    }
  }

  private add(name: string, connection: Connection): void {
    const program: Program = {
      name,
      connection,
      joined: new Map(),
      busy: new Set(),
      losses: 0,
      returns: 0,
      sent: 0,
      unsettled: 0,
      messages: [],
      errors: [],
    };
    connection.on('reconnecting', () => {
      program.losses++;
      for (const group of program.joined.values())
        if (group.isMember || group.view.myIndex !== -1)
          program.errors.push(`${group.name}: a member while lost`);
    });
    connection.on('resumed', () => program.returns++);
    connection.on('close', (error) => program.errors.push(`closed: ${error?.message}`));
    this.programs.push(program);
  }

  private step(): void {
    const { random, world, programs } = this;
    const program = random.pick(programs);
    const daemon = random.below(DAEMONS - 1);
    const act = random.below(100);
    if (act < 50) this.send(program, this.destinations(), random.chance(0.1));
    else if (act < 54) for (let i = 0; i < 8; i++) this.send(program, this.destinations(), true);
    else if (act < 65) void this.join(program, random.pick(GROUPS));
    else if (act < 72) void this.leave(program, random.pick(GROUPS));
    else if (act < 80) world.cut(program.connection);
    else if (act < 86 && world.daemons[daemon]) world.kill(daemon);
    else if (act < 90) void this.freeze(daemon);
    else this.heal(daemon);
  }

  /** Hangs; the others do not leave it out for that. */
  private async freeze(index: number): Promise<void> {
    const daemon = this.world.daemons[index];
    daemon?.process.freeze();
    await this.world.sleep(1 + this.random.below(FROZEN_MS));
    daemon?.process.thaw();
  }

  private heal(daemon: number): void {
    const { world } = this;
    if (world.daemons[daemon]) world.daemons[daemon]?.process.thaw();
    else world.start(daemon);
  }

  /** One group, or several, or a group and somebody who may not be in it. */
  private destinations(): string[] {
    const { random } = this;
    const group = random.pick(GROUPS);
    if (random.chance(0.7)) return [group];
    const other = random.pick(GROUPS);
    return [group, other === group ? random.pick(this.programs).connection.id : other];
  }

  private send(program: Program, groups: readonly string[], isLong: boolean): void {
    const { connection, name } = program;
    const body = Buffer.from(`${name} ${program.sent++} `.padEnd(isLong ? 20_000 : 1, '.'));
    program.messages.push([body.toString(), groups]);
    program.unsettled++;
    const confirm = this.isNumbered && this.random.chance(0.2);
    const failed = (error: Error): void => {
      if (this.isNumbered || error.name !== 'SendUnknownError') program.errors.push(`send: ${error.message}`);
    };
    void connection
      .send(groups, body, { confirm })
      .catch(failed)
      .finally(() => program.unsettled--);
  }

  private async join(program: Program, name: string): Promise<void> {
    const { connection, joined, busy } = program;
    if (joined.has(name) || busy.has(name)) return;
    busy.add(name);
    try {
      const group = await connection.join(name);
      joined.set(name, group);
      const log: Log = { program: program.name, group: name, events: [] };
      this.logs.push(log);
      group.on('event', (event) => log.events.push(event));
    } catch (error) {
      program.errors.push(`join: ${(error as Error).message}`);
    }
    busy.delete(name);
  }

  private async leave(program: Program, name: string): Promise<void> {
    const { connection, joined, busy } = program;
    if (!joined.has(name) || busy.has(name)) return;
    busy.add(name);
    joined.delete(name);
    await connection.leave(name).catch((error: Error) => program.errors.push(`leave: ${error.message}`));
    busy.delete(name);
  }

  private said(group: string): string[] {
    return (this.witness.get(group) ?? []).flatMap((event) => (event.kind === 'data' ? [event.text] : []));
  }

  /** Whether a daemon was apart from the witness for a while: what was delivered there is not in its order. */
  private get isParted(): boolean {
    const last = `d${DAEMONS}`;
    return this.world.trace.lines.some((line) => line.includes(' is in a view of ') && !line.includes(last));
  }

  private outcome(): Outcome {
    const violations = this.programs.flatMap(({ name, errors, losses, returns }) => [
      ...errors.map((error) => `${name}: ${error}`),
      ...(losses === returns ? [] : [`${name}: lost ${losses} times and back ${returns} times`]),
    ]);
    if (this.isParted) return { violations, losses: 0, gaps: 0, messages: 0 };
    for (const group of GROUPS) violations.push(...this.sendings(group));
    let gaps = 0;
    for (const log of this.logs) {
      violations.push(...this.continuity(log), ...this.gapRules(log));
      gaps += log.events.filter(({ kind }) => kind === 'gap').length;
    }
    const losses = this.programs.reduce((sum, each) => sum + each.losses, 0);
    const messages = GROUPS.reduce((sum, group) => sum + this.said(group).length, 0);
    return { violations: [...violations, ...this.names()], losses, gaps, messages };
  }

  /**
   * Nothing is sent twice, and what one program sends arrives in its order. Where requests have no numbers, that holds for one
   * name: the daemon that was lost may still have something to send.
   */
  private sendings(group: string): string[] {
    return [...this.repeats(group), ...(this.isNumbered ? this.losses(group) : [])];
  }

  /** Where requests are numbered, nothing is lost. */
  private losses(group: string): string[] {
    const said = new Set(this.said(group));
    return this.programs.flatMap(({ messages }) =>
      messages
        .filter(([text, groups]) => groups.includes(group) && !said.has(text))
        .map(([text]) => `R-5: ${text.slice(0, 10)} was not heard in ${group}`),
    );
  }

  private repeats(group: string): string[] {
    const last = new Map<string, number>();
    const all = new Set<string>();
    return (this.witness.get(group) ?? []).flatMap((event) => {
      if (event.kind !== 'data') return [];
      const { text } = event;
      const [name = '', count] = text.split(' ');
      const number = Number(count);
      const sender = this.isNumbered ? name : event.sender;
      const before = last.get(sender) ?? -1;
      last.set(sender, number);
      const isRepeat = all.has(text);
      all.add(text);
      return number > before && !isRepeat ? [] : [`${group}: ${sender} sent ${number} after ${before}`];
    });
  }

  /** between two gaps, no hole and no repeat. */
  private continuity({ program, group, events }: Log): string[] {
    const order = this.said(group);
    const found: string[] = [];
    let at = -1;
    for (const event of events) {
      if (event.kind === 'gap') at = -1;
      if (event.kind !== 'data') continue;
      const place = order.indexOf(event.text);
      if (place < 0 || (at >= 0 && place !== at + 1))
        found.push(`R-1: ${program} in ${group}: message ${place} after ${at}`);
      at = place;
    }
    return found;
  }

  /** one gap for a loss, and behind it a view that is the one of all others. */
  private gapRules({ program, group, events }: Log): string[] {
    const found: string[] = [];
    const views = new Map<string, string>();
    for (const event of this.witness.get(group) ?? [])
      if (event.kind === 'view') views.set(groupIdText(event.id), event.members.join(' '));
    let own = '';
    for (const [index, event] of events.entries()) {
      if (event.kind === 'view') {
        const known = views.get(groupIdText(event.id));
        const members = event.members.join(' ');
        if (known !== undefined && known !== members)
          found.push(`R-3: ${program} in ${group}: ${members} instead of ${known}`);
        // A connection is another member after a loss: that is a gap.
        const me = event.members[event.myIndex] ?? '';
        if (index > 0 && me !== own && events[index - 1]?.kind !== 'gap')
          found.push(`R-3: ${program} in ${group}: ${me} after ${own} without a gap`);
        own = me;
      }
      if (event.kind !== 'gap') continue;
      const next = events[index + 1];
      const isView = next?.kind === 'view' && next.myIndex >= 0 && next.joined.length === next.members.length;
      if (!isView) found.push(`R-3: ${program} in ${group}: ${next?.kind ?? 'nothing'} after a gap`);
    }
    return found;
  }

  /** the daemons have the sessions and members that are here, and no others. */
  private names(): string[] {
    const found: string[] = [];
    const ids = new Set(this.programs.map(({ connection }) => connection.id));
    const sessions = this.world.daemons.reduce((sum, each) => sum + (each?.server.size ?? 0), 0);
    if (sessions !== ids.size + 1) found.push(`R-16: ${sessions} sessions of ${ids.size + 1}`);
    for (const { name, joined, connection } of this.programs) {
      for (const group of GROUPS) {
        const last = this.witness.get(group)?.findLast(({ kind }) => kind === 'view');
        const members = last?.kind === 'view' ? last.members : [];
        const of = members.filter((member) => member.startsWith(`#${name}#`));
        const wanted = joined.has(group) ? [connection.id] : [];
        if (of.join() !== wanted.join())
          found.push(`R-16: ${group} has ${of.join()} instead of ${wanted.join()}`);
      }
    }
    return found;
  }
}

const isSaid = (text: string, name: string, from: number): boolean => {
  const [who, number] = text.split(' ');
  return who === name && Number(number) >= from;
};
