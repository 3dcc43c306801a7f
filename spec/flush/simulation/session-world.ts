/** Sessions with the flush layer on the group model: who is at which daemon, and what their bodies stand for. */
import type { Buffer } from 'node:buffer';
import type { PlainData } from '../../../lib/flush/core/port.js';
import { SAFE_MESS } from '../../../lib/wire/service.js';
import type { Choices } from '../../support/group-network/choices.js';
import {
  type Daemon as NetworkDaemon,
  daemonNames,
  type GroupClient,
} from '../../support/group-network/daemon.js';
import { GroupNetwork } from '../../support/group-network/network.js';
import type { LayerSession } from './session.js';

/** @template Client what else may be connected */
export abstract class SessionWorld<
  Member extends Client & LayerSession,
  Client extends GroupClient = Member,
> {
  readonly network: GroupNetwork<Client>;
  readonly members: Member[] = [];
  private readonly homes = new Map<Member, NetworkDaemon<Client>>();
  private readonly frames = new WeakMap<Buffer, PlainData>();

  /** @param renewsIds whether no view has the id of an earlier one */
  constructor(
    daemons: number,
    renewsIds: boolean,
    readonly tell: ((line: string) => void) | undefined,
  ) {
    this.network = new GroupNetwork<Client>({
      daemons: daemonNames(daemons),
      isTogether: true,
      describe: ({ body }) => this.describe(body),
      tell,
      hasLateSignals: true,
      renewsIds,
    });
  }

  get living(): Member[] {
    return this.members.filter(({ isAlive }) => isAlive);
  }

  homeOf(member: Member): NetworkDaemon<Client> {
    const home = this.homes.get(member);
    if (!home) throw new Error(`${member.id} has no daemon`);
    return home;
  }

  frameOf(body: Buffer): PlainData {
    const frame = this.frames.get(body);
    if (!frame) throw new Error('a body that nobody sent');
    return frame;
  }

  /** A member that has joined connects to its daemon. */
  protected connect(daemon: NetworkDaemon<Client>, member: Member): void {
    this.members.push(member);
    this.homes.set(member, daemon);
    this.network.connect(daemon, member);
  }

  askJoin(member: Member): void {
    const daemon = this.homeOf(member);
    daemon.outbox.push({ kind: 'join', sender: member.id, daemon: daemon.index, client: member });
  }

  askLeave(member: Member): void {
    const daemon = this.homeOf(member);
    daemon.outbox.push({ kind: 'leave', sender: member.id, daemon: daemon.index });
  }

  die(member: Member): void {
    this.tell?.(`${member.id} dies`);
    member.die();
    this.network.disconnect(this.homeOf(member), member, 'disconnect');
  }

  regroup(sets: readonly (readonly NetworkDaemon<Client>[])[], choices: Choices): void {
    this.network.regroup(sets, choices);
  }

  /** Handles up to this many inputs of one member. */
  handle(member: Member, most: number): void {
    for (let i = 0; i < most && member.isAlive && member.isWaiting; i++) this.handleOne(member);
  }

  protected handleOne(member: Member): void {
    member.handleOne();
  }

  /** Gives a message a place in the order. */
  protected put(daemon: NetworkDaemon<Client>, data: PlainData): void {
    const isPrivate = data.groups.every((group) => group.startsWith('#'));
    this.frames.set(data.body, data);
    const isSafe = (data.service & SAFE_MESS) !== 0;
    this.network.sendAs(daemon, data.sender, isPrivate ? data.groups : null, data.body, isSafe);
  }

  protected describe(body: Buffer): string {
    const { sender, groups, type } = this.frameOf(body);
    return `${sender} to ${groups.join(' ')}, type ${type}, ${body.length} bytes`;
  }
}
