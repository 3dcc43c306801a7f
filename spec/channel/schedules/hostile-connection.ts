/** Members of the registry that do not do what they should: one that says nothing, and ones that only disturb. */
import { Buffer } from 'node:buffer';
import { MAX_TABLE_PIECES } from '../../../lib/channel/limits.js';
import {
  type RegistryMessage,
  type RoundTag,
  encodeRegistryMessage,
} from '../../../lib/channel/registry/command.js';
import type { Daemon, GroupView } from '../../support/group-network/daemon.js';
import { type ConnectionHost, RegistryConnection } from './registry-connection.js';

/**
 * `flood`: sends more pieces of a table than any has. `uneven`: sends its pieces to one member, and to all that it has sent
 * them. `settle`: ends every exchange at once.
 */
export const HOSTILE_KINDS = ['silent', 'flood', 'uneven', 'settle'] as const;
export type HostileKind = (typeof HOSTILE_KINDS)[number];

/** In how many rounds of one view it disturbs. */
const ROUNDS = 3;

export class HostileConnection extends RegistryConnection {
  override readonly isHostile = true;

  constructor(
    id: string,
    daemon: Daemon<RegistryConnection>,
    private readonly all: ConnectionHost,
    readonly kind: HostileKind,
    private readonly pieces = MAX_TABLE_PIECES + 1,
  ) {
    super(id, daemon, all, []);
  }

  override view({ id, members }: GroupView): void {
    for (let round = 0; round < ROUNDS; round++) this.disturb([...id, round], members);
  }

  override transition(): void {
    // It says nothing of it.
  }

  override message(): void {
    // Nor does it listen.
  }

  private disturb(tag: RoundTag, members: readonly string[]): void {
    if (this.kind === 'settle') this.say(null, { kind: 'settle', tag });
    if (this.kind === 'flood' && tag[3] === 0)
      for (let index = 0; index < this.pieces; index++) this.say(null, this.piece(tag, index));
    if (this.kind === 'uneven') {
      this.say(members.slice(0, 1), this.piece(tag, 0));
      this.say(null, this.stateOf(tag, members));
    }
  }

  private piece(tag: RoundTag, index: number): RegistryMessage {
    return { kind: 'part', tag, index, bytes: Buffer.alloc(4) };
  }

  private stateOf(tag: RoundTag, members: readonly string[]): RegistryMessage {
    const covers = members.map((member) => member === this.id);
    const none = members.map(() => false);
    const testimony = { epoch: 1, promised: 1 };
    const said = { wide: tag[3] !== 0, has: true, informed: true, testimony, electorates: [], parts: 1 };
    return {
      kind: 'state',
      tag,
      ...said,
      covers,
      fresh: none,
      silent: none,
      tookPart: none,
      moved: false,
      returns: [],
    };
  }

  private say(to: readonly string[] | null, message: RegistryMessage): void {
    if (this.isUp) this.all.send(this, to, encodeRegistryMessage(message), false);
  }
}
