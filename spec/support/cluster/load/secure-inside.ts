/**
 * What a secure group of the client API keeps to itself, and its checkers want to know: which SEAL has decided, what leaves
 * this member and in which view, and the keys of which other keys are exported.
 */
import { Buffer } from 'node:buffer';
import type { ConnectionEvent, SecureView } from '../../../../lib/client/event.js';
import type { Connection } from '../../../../lib/index.js';
import type { SecureMachine } from '../../../../lib/secure/core/machine.js';
import type { Seal } from '../../../../lib/secure/core/messages.js';
import { type GroupId, groupIdText } from '../../../../lib/wire/group-id.js';
import { SAFE_MESS, SELF_DISCARD } from '../../../../lib/wire/service.js';
import type { FlushLayer } from '../../../../lib/flush/core/layer.js';
import type { DecisionEntry, Entry, FinalState, SendEntry } from '../../../secure/simulation/log.js';
import { hexOf } from '../../../secure/token-provider.js';
import { SECURE_GROUP } from './secure-group.js';

/** What a message is longer than its text: the filler behind it. */
const FILLER = ' ';

/** A message that is longer by that number of bytes. */
export const fill = (text: string, bytes: number): string => text.padEnd(text.length + bytes, FILLER);

/** The text of a message. */
export const textOf = (body: Uint8Array): string => Buffer.from(body).toString('latin1').trimEnd();

/** Whether it is a view of a secure group. */
export const isSecureView = (event: ConnectionEvent): event is SecureView =>
  event.kind === 'view' && 'secure' in event;

interface Filter {
  readonly member: { readonly machine: SecureMachine };
  readonly held: { readonly waiting: readonly unknown[] };
}

interface Synchrony {
  readonly modes: ReadonlyMap<string, { readonly filter: Filter | null }>;
  readonly layer: FlushLayer<Promise<number>>;
}

const synchronyOf = (connection: Connection): Synchrony | null =>
  Reflect.get(connection, 'synchrony') as Synchrony | null;

/** The flush layer of the group, for a member that sends what the client API would not. */
export const flushLayerOf = (connection: Connection): ReturnType<Synchrony['layer']['machine']> =>
  synchronyOf(connection)?.layer.machine(SECURE_GROUP) ?? null;

export class SecureInside {
  private decided: unknown = null;

  private constructor(
    private readonly filter: Filter,
    private readonly entries: Entry[],
  ) {
    const { machine } = filter.member;
    const send = machine.send.bind(machine);
    machine.send = (service, type, body, receivers) => {
      entries.push(this.sendEntry(service, body, receivers ?? null));
      send(service, type, body, receivers);
    };
  }

  /** @param entries of the log, to which what leaves this member is added; the same ones for one membership */
  static of(connection: Connection, known: SecureInside | null, entries: Entry[]): SecureInside | null {
    const filter = synchronyOf(connection)?.modes.get(SECURE_GROUP)?.filter;
    if (!filter || filter === known?.filter) return known;
    return new SecureInside(filter, entries);
  }

  /** Id of the flush view below. */
  get gid(): string {
    const view = Reflect.get(this.filter.member.machine, 'view') as { readonly id: GroupId } | null;
    return view ? groupIdText(view.id) : '';
  }

  get final(): FinalState {
    const { member, held } = this.filter;
    return { state: member.machine.state, held: held.waiting.length };
  }

  /** The key that stands for the secret of the view or epoch that is being shown. */
  get key(): string {
    const key = this.filter.member.machine.exportKey('check', 32);
    return key ? hexOf(key) : '';
  }

  /** The SEAL that has decided since this was asked before. */
  decision(): DecisionEntry | null {
    const decision = Reflect.get(this.filter.member.machine, 'decision') as {
      readonly keying: { readonly epoch: number };
      readonly seal: Seal;
    } | null;
    if (decision === this.decided || !decision) return null;
    this.decided = decision;
    const { keying, seal } = decision;
    const boxes = seal.boxes.length;
    return { kind: 'decision', gid: this.gid, epoch: keying.epoch, seal: hexOf(seal.bytes), boxes };
  }

  /** The view is the one that was shown last. */
  private sendEntry(service: number, body: Uint8Array, receivers: readonly string[] | null): SendEntry {
    const view = this.entries.findLast((entry) => entry.kind === 'view')?.id ?? '';
    const isSafe = (service & SAFE_MESS) !== 0;
    const isDiscarded = (service & SELF_DISCARD) !== 0;
    return { kind: 'send', text: textOf(body), view, isSafe, isDiscarded, receivers };
  }
}
