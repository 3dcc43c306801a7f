/** Channels of several daemons in memory, on the group model. Chance decides what of the messages under way survives a cut. */
import { Buffer } from 'node:buffer';
import { Channels } from '../../lib/channel/channels.js';
import type { ChannelsSettings } from '../../lib/channel/options.js';
import type { GroupLink, LinkHandler } from '../../lib/channel/group-link.js';
import { daemonOf } from '../../lib/channel/registry/primary.js';
import { type Clock, systemClock } from '../../lib/util/clock.js';
import { type Choices, theFirst } from '../support/group-network/choices.js';
import type { Daemon, GroupClient, GroupView } from '../support/group-network/daemon.js';
import { GroupNetwork } from '../support/group-network/network.js';
import type { ChannelHost } from './channel-host.js';

const nothing = (): void => undefined;
const quiet: LinkHandler = {
  view: nothing,
  transition: nothing,
  message: nothing,
  refused: nothing,
  lost: nothing,
  continued: nothing,
  rejoined: nothing,
  observed: nothing,
  closed: nothing,
};

/** One connection in the group of the registry. */
class Member implements GroupClient {
  isJoined = false;

  constructor(
    readonly id: string,
    readonly daemon: Daemon<Member>,
    public handler: LinkHandler,
    private readonly entered: () => void,
  ) {}

  view(view: GroupView): void {
    this.handler.view(view);
    this.entered();
  }

  transition(): void {
    this.handler.transition();
  }

  message(sender: string, body: Buffer, toGroup: boolean): void {
    this.handler.message(sender, toGroup ? 'safe' : null, Buffer.from(body));
  }

  left(): void {
    this.end();
  }

  end(): void {
    this.daemon.clients = this.daemon.clients.filter((each) => each !== this);
    this.handler.closed(false);
  }
}

export class ChannelWorld implements ChannelHost {
  isManual = false;
  private readonly network: GroupNetwork<Member>;
  private readonly dead = new Set<string>();
  private isScheduled = false;

  constructor(
    daemons: readonly string[],
    private readonly choices: Choices = theFirst,
    private readonly clock: Clock = systemClock,
  ) {
    const describe = (): string => '';
    this.network = new GroupNetwork({ daemons, isTogether: true, renewsIds: true, describe });
  }

  /** The link of a new connection `#name#daemon`. */
  link(daemonName: string, name: string): GroupLink {
    const daemon = this.daemon(daemonName);
    const id = `#${name}#${daemonName}`;
    this.dead.delete(id);
    return {
      id,
      clock: this.clock,
      enter: (handler) =>
        new Promise<void>((entered) => {
          this.network.connect(daemon, new Member(id, daemon, handler, entered));
          this.schedule();
        }),
      leave: async () => {
        daemon.outbox.push({ kind: 'leave', sender: id, daemon: daemon.index });
        this.schedule();
      },
      send: async (to, body, service) => {
        if (this.dead.has(id)) throw new Error('the connection is gone');
        this.network.sendAs(daemon, id, to, Buffer.from(body), service === 'safe');
        this.schedule();
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
  kill(id: string): void {
    const member = this.member(id);
    if (!member) return;
    this.dead.add(id);
    this.network.disconnect(member.daemon, member, 'disconnect');
    member.end();
    this.schedule();
  }

  /** The connection stays and does nothing any more. */
  freeze(id: string): void {
    const member = this.member(id);
    if (member) member.handler = quiet;
  }

  /** A daemon ends, and its connections with it. */
  killDaemon(name: string): void {
    const daemon = this.daemon(name);
    for (const member of daemon.clients) {
      this.dead.add(member.id);
      member.end();
    }
    this.network.regroup(
      [...this.network.components.map(({ daemons }) => daemons.filter((each) => each !== daemon)), [daemon]],
      this.choices,
    );
    this.network.restart(daemon);
    this.schedule();
  }

  /** The network is in these parts from here on. */
  reconfigure(parts: readonly (readonly string[])[]): void {
    const sets = parts.map((part) => part.map((name) => this.daemon(name)));
    const alone = this.network.daemons.filter((daemon) => !sets.flat().includes(daemon));
    this.network.regroup([...sets, ...alone.map((daemon) => [daemon])], this.choices);
    this.schedule();
  }

  /** One entry of the order of one part, if there is any. @returns whether there was */
  step(): boolean {
    const { components } = this.network;
    const first = this.choices.below(components.length);
    const inTurn = [...components.slice(first), ...components.slice(0, first)];
    return inTurn.some((component) => this.network.stepIn(component));
  }

  /** Delivers everything, also what is sent meanwhile. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 3;) {
      idle = this.step() ? 0 : idle + 1;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  private daemon(name: string): Daemon<Member> {
    const daemon = this.network.daemons.find((each) => each.name === name);
    if (!daemon) throw new Error(`expected a daemon, got ${name}`);
    return daemon;
  }

  private member(id: string): Member | undefined {
    return this.daemon(daemonOf(id)).clients.find((each) => each.id === id);
  }

  private schedule(): void {
    if (this.isManual || this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      while (!this.isManual && this.network.step());
    });
  }
}
