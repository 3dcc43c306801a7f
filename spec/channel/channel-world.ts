/**
 * Several daemons in memory, as the group layer shows them: one order for each part of the network, views, transitional
 * signals, partitions and merges [daemon 1.3, 2.4, 2.7]. Chance decides how much of what is on its way at a
 * break still arrives in each part.
 */
import { Buffer } from 'node:buffer';
import { Channels, type ChannelsSettings } from '../../lib/channel/channels.js';
import type { GroupLink, LinkHandler } from '../../lib/channel/group-link.js';
import { daemonOf } from '../../lib/channel/registry/primary.js';
import type { RegistryView } from '../../lib/channel/registry/machine.js';
import type { Random } from '../support/random.js';
import type { ChannelHost } from './channel-host.js';

type Item =
  | {
      readonly kind: 'data';
      readonly sender: string;
      readonly to: readonly string[] | null;
      readonly body: Buffer;
    }
  | { readonly kind: 'join' | 'leave' | 'disconnect'; readonly sender: string };

interface Part {
  readonly daemons: readonly string[];
  members: string[];
  queue: Item[];
  time: number;
  counter: number;
}

interface Seat {
  handler: LinkHandler;
  readonly entered: () => void;
}

export class ChannelWorld implements ChannelHost {
  private parts: Part[];
  private readonly seats = new Map<string, Seat>();
  private readonly dead = new Set<string>();
  private time = 0;
  private isScheduled = false;
  /** Whether nothing moves by itself. */
  isManual = false;
  delivered = 0;

  constructor(
    private readonly daemons: readonly string[],
    private readonly random: Random | null = null,
  ) {
    this.parts = [this.newPart(daemons)];
  }

  /** The link of a new connection `#name#daemon`. */
  link(daemon: string, name: string): GroupLink {
    const privateName = `#${name}#${daemon}`;
    this.dead.delete(privateName);
    return {
      privateName,
      enter: (handler) =>
        new Promise<void>((entered) => {
          this.seats.set(privateName, { handler, entered });
          this.put({ kind: 'join', sender: privateName });
        }),
      leave: async () => this.put({ kind: 'leave', sender: privateName }),
      send: async (to, body) => {
        if (this.dead.has(privateName)) throw new Error('the connection is gone');
        this.put({ kind: 'data', sender: privateName, to, body: Buffer.from(body) });
      },
    };
  }

  /** A connection with its channels. */
  async channels(daemon: string, name: string, options: Partial<ChannelsSettings> = {}): Promise<Channels> {
    const settings = {
      registry: 'primary-partition',
      daemons: [],
      orphanTimeoutMs: 30_000,
      ...options,
    } as const;
    const channels = new Channels(this.link(daemon, name), settings);
    await channels.enter(undefined);
    return channels;
  }

  /** The connection ends without a goodbye. */
  kill(privateName: string): void {
    if (this.dead.has(privateName)) return;
    this.put({ kind: 'disconnect', sender: privateName });
    this.bury(privateName);
  }

  /** The connection stays and does nothing any more. */
  freeze(privateName: string): void {
    const seat = this.seats.get(privateName);
    const nothing = (): void => undefined;
    const quiet = { view: nothing, transition: nothing, message: nothing, refused: nothing, closed: nothing };
    if (seat) seat.handler = quiet;
  }

  /** A daemon ends, and its connections with it. */
  killDaemon(daemon: string): void {
    for (const name of this.seats.keys()) if (daemonOf(name) === daemon) this.bury(name);
    this.reconfigure(this.parts.map(({ daemons }) => daemons.filter((each) => each !== daemon)));
  }

  /** The network is in these parts from here on. */
  reconfigure(parts: readonly (readonly string[])[]): void {
    const before = this.parts.map((old) => ({ old, items: [...old.queue] }));
    const groups = parts.filter(({ length }) => length > 0).map((daemons) => this.regroup(daemons, before));
    this.parts = groups.map(({ part }) => part);
    for (const { part, pieces } of groups) {
      for (const members of pieces) {
        for (const member of members)
          this.tell(part, member, { cause: 'network', changed: null, cameWithMe: members });
      }
    }
    this.schedule();
  }

  /** Delivers what is on its way in one part, if anything is. @returns whether anything was */
  step(): boolean {
    const busy = this.parts.filter(({ queue }) => queue.length > 0);
    const part = this.random ? busy[this.random.below(busy.length)] : busy[0];
    if (!part) return false;
    this.deliver(part, part.queue.shift() as Item, part.members);
    return true;
  }

  /** Delivers everything, also what is sent meanwhile. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 3;) {
      idle = this.step() ? 0 : idle + 1;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Members of the registry by part. */
  membersOf(daemon: string): readonly string[] {
    return this.partOf(daemon)?.members ?? [];
  }

  private newPart(daemons: readonly string[], members: string[] = []): Part {
    return { daemons, members, queue: [], time: ++this.time, counter: 0 };
  }

  private partOf(daemon: string): Part | undefined {
    return this.parts.find(({ daemons }) => daemons.includes(daemon));
  }

  private bury(privateName: string): void {
    this.dead.add(privateName);
    const seat = this.seats.get(privateName);
    this.seats.delete(privateName);
    seat?.handler.closed(false);
  }

  private put(item: Item): void {
    if (this.dead.has(item.sender)) return;
    this.partOf(daemonOf(item.sender))?.queue.push(item);
    this.schedule();
  }

  private schedule(): void {
    if (this.isManual || this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      for (const part of this.parts) {
        for (const item of part.queue.splice(0)) this.deliver(part, item, part.members);
      }
      if (this.parts.some(({ queue }) => queue.length > 0)) this.schedule();
    });
  }

  /**
   * A new part. Some of what is on its way still arrives, behind the transitional signal; the rest is sent again.
   * @returns with it the members that came together and are to be told
   */
  private regroup(
    daemons: readonly string[],
    before: readonly { readonly old: Part; readonly items: readonly Item[] }[],
  ): { part: Part; pieces: string[][] } {
    const part = this.newPart(daemons);
    const pieces: string[][] = [];
    let isTouched = false;
    for (const { old, items } of before) {
      const isHere = (name: string): boolean => daemons.includes(daemonOf(name));
      const members = old.members.filter((member) => isHere(member) && this.seats.has(member));
      const isLosing = members.length < old.members.length;
      if (isLosing) for (const member of members) this.seats.get(member)?.handler.transition();
      const arrives = this.random ? this.random.below(items.length + 1) : 0;
      for (const item of items.slice(0, arrives)) if (item.kind === 'data') this.deliver(old, item, members);
      const rest = old.queue.filter((item, i) => i >= arrives || item.kind !== 'data');
      part.queue.push(...rest.filter(({ sender }) => isHere(sender)));
      if (members.length === 0) continue;
      pieces.push(members);
      isTouched ||= isLosing;
    }
    part.members = this.sorted(pieces.flat());
    return { part, pieces: isTouched || pieces.length > 1 ? pieces : [] };
  }

  private sorted(members: readonly string[]): string[] {
    const place = (name: string): string => `${this.daemons.indexOf(daemonOf(name))} ${name}`;
    return members.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
  }

  /** @param among who is there to get it */
  private deliver(part: Part, item: Item, among: readonly string[]): void {
    const { kind, sender } = item;
    if (kind === 'data') {
      this.delivered++;
      const receivers = item.to ?? among.filter((member) => part.members.includes(member));
      for (const receiver of receivers) {
        const isHere =
          part.daemons.includes(daemonOf(receiver)) &&
          (item.to === null || this.isAmong(receiver, among, part));
        if (isHere)
          this.seats.get(receiver)?.handler.message(sender, item.to === null, Buffer.from(item.body));
      }
      return;
    }
    const isMember = part.members.includes(sender);
    if (isMember === (kind === 'join')) return;
    part.counter++;
    part.members =
      kind === 'join'
        ? this.sorted([...part.members, sender])
        : part.members.filter((member) => member !== sender);
    for (const member of part.members) {
      this.tell(part, member, { cause: kind, changed: sender, cameWithMe: part.members });
    }
    if (kind === 'leave') this.bury(sender);
    if (kind === 'join') this.seats.get(sender)?.entered();
  }

  private isAmong(receiver: string, among: readonly string[], part: Part): boolean {
    return among === part.members || among.includes(receiver);
  }

  private tell(
    part: Part,
    member: string,
    change: Pick<RegistryView, 'cause' | 'changed' | 'cameWithMe'>,
  ): void {
    const id = [this.daemons.indexOf(part.daemons[0] ?? ''), part.time, part.counter] as const;
    this.seats.get(member)?.handler.view({ id, members: [...part.members], ...change });
  }
}
