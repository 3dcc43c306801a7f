/**
 * Plays a vector of the C flush library against a layer: the same plain events, calls and receives in the same order.
 * Events are handled when a receive wants one, as the C library does, so that even the number of waiting messages is
 * the recorded one.
 */
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FLUSH_OK, FLUSH_RECV, VULNERABLE, subgroupTail } from '../../lib/flush/core/control.js';
import type { FlushLayer } from '../../lib/flush/core/layer.js';
import type { DropReason, FlushEvent, FlushSink, PlainData, PlainView } from '../../lib/flush/core/port.js';
import { type GroupId, groupIdText } from '../../lib/wire/group-id.js';
import { encodeSspBody } from '../../lib/wire/membership.js';
import { ILLEGAL_GROUP, WOULD_BLOCK } from '../../lib/wire/codes.js';
import * as word from '../../lib/wire/service.js';
import { repositoryRoot } from '../support/recordings.js';

/** What happens at the plain level. Which fields there are depends on the kind. */
export interface PlainEvent {
  readonly kind: string;
  readonly cause: PlainView['cause'];
  readonly view: number;
  readonly members: readonly string[];
  readonly changed?: string;
  readonly vs_sets?: readonly (readonly string[])[];
  readonly mine: number;
  readonly sender: string;
  readonly service: string;
  readonly group: string;
  readonly groups: readonly string[];
  readonly receivers: readonly string[];
  readonly type: number;
  readonly mess_type: number;
  readonly body: string;
  readonly body_hex: string;
  readonly vulnerable_view?: number;
  readonly byte_order?: 'big';
}

/** What a receive gave, as far as the program was there to say it. */
export interface Received {
  readonly ret: number;
  readonly service?: string;
  readonly sender?: string;
  readonly groups?: readonly string[];
  readonly mess_type?: number;
  readonly endian_mismatch?: number;
  readonly more?: number;
  readonly body_hex?: string;
}

export interface Frame {
  readonly service: string;
  readonly groups: readonly string[];
  readonly mess_type: number;
  readonly body_hex: string;
}

export interface Step {
  readonly event?: PlainEvent;
  readonly call?: string;
  readonly result?: { readonly ret: number };
  readonly receive?: Received;
  readonly sent?: Frame;
}

export interface Vector {
  readonly id: string;
  readonly what: string;
  readonly ours: string;
  readonly steps: readonly Step[];
}

export const { vectors, me } = JSON.parse(
  readFileSync(join(repositoryRoot, 'spec/fixtures/vectors/flush-vectors.json'), 'utf8'),
) as { readonly vectors: readonly Vector[]; readonly me: string };

export const GROUP = 'g';
/** View n of the vectors. */
export const idOf = (view: number): GroupId => [167_772_161, 1_700_000_000, view];

function idBytes(view: number, isLittle: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  for (const [i, part] of idOf(view).entries()) {
    if (isLittle) bytes.writeInt32LE(part, 4 * i);
    else bytes.writeInt32BE(part, 4 * i);
  }
  return bytes;
}

function typeBytes(type: number, isLittle: boolean): Buffer {
  const bytes = Buffer.alloc(2);
  if (isLittle) bytes.writeInt16LE(type);
  else bytes.writeInt16BE(type);
  return bytes;
}

export const hex = (service: number): string => `0x${(service >>> 0).toString(16).padStart(8, '0')}`;

export const causes = {
  join: word.CAUSED_BY_JOIN,
  leave: word.CAUSED_BY_LEAVE,
  disconnect: word.CAUSED_BY_DISCONNECT,
  network: word.CAUSED_BY_NETWORK,
};

export const services: Readonly<Record<string, number>> = {
  FIFO: word.FIFO_MESS,
  AGREED: word.AGREED_MESS,
  SAFE: word.SAFE_MESS,
};

/** The data message of an event; null when it is none. */
export function dataOf(event: PlainEvent): PlainData | null {
  const { kind, sender, view, byte_order: order } = event;
  const senderLittle = order !== 'big';
  const base = { sender, senderLittle, service: Number(event.service ?? word.FIFO_MESS), groups: [GROUP] };
  const text = Buffer.from(event.body ?? '');
  switch (kind) {
    case 'data':
      return { ...base, groups: [event.group], type: event.type, body: text };
    case 'raw-data':
      return {
        ...base,
        groups: event.groups,
        type: event.mess_type,
        body: Buffer.from(event.body_hex, 'hex'),
      };
    case 'own-message-comes-back':
      return { ...base, sender: me, type: event.mess_type, body: Buffer.from(event.body_hex, 'hex') };
    case 'flush-ok':
      return { ...base, type: FLUSH_OK, body: idBytes(view, senderLittle) };
    case 'flush-recv':
      return { ...base, type: FLUSH_RECV, body: idBytes(view, senderLittle) };
    case 'vulnerable': {
      const tail = [typeBytes(event.type, senderLittle), idBytes(view, senderLittle)];
      return { ...base, type: VULNERABLE, body: Buffer.concat([text, ...tail]) };
    }
    case 'subgroup': {
      const { vulnerable_view: tag, type, group } = event;
      const service = base.service | word.SUBGROUP_CAST;
      const tail = tag === undefined ? [] : [typeBytes(type, true), idBytes(tag, true)];
      const body = Buffer.concat([text, ...tail, subgroupTail(group)]);
      return { ...base, service, groups: event.receivers, type: tag === undefined ? type : VULNERABLE, body };
    }
    default:
      return null;
  }
}

type MakeLayer = (self: string, sink: FlushSink<void>) => FlushLayer<void>;

export class VectorPlayer {
  readonly sent: Frame[] = [];
  readonly drops: DropReason[] = [];
  private readonly events: PlainEvent[] = [];
  private readonly queue: FlushEvent[] = [];
  private readonly layer: FlushLayer<void>;

  constructor(make: MakeLayer) {
    this.layer = make(me, {
      deliver: (event) => void this.queue.push(event),
      transmit: (service, groups, type, pieces) =>
        this.transmit(service, groups, type, Buffer.concat(pieces)),
      settled: () => undefined,
      drop: (reason) => void this.drops.push(reason),
    });
  }

  event(event: PlainEvent): void {
    this.events.push(event);
  }

  receive(): Received {
    let next = this.queue.shift();
    for (; next === undefined && this.events.length > 0; next = this.queue.shift()) {
      this.handle(this.events.shift() as PlainEvent);
    }
    return next === undefined ? { ret: WOULD_BLOCK } : this.received(next);
  }

  call(text: string): number {
    const [name = '', ...words] = text.replace(/ ".*"$/, '').split(' ');
    const body = Buffer.from(/"(.*)"$/.exec(text)?.[1] ?? '');
    const machine = this.layer.machine(GROUP);
    const request = {
      type: Number(words.at(-1)),
      pieces: [body],
      service: services[words[0] ?? ''] ?? word.FIFO_MESS,
    };
    switch (name) {
      case 'FL_join': {
        const refusal = this.layer.join(GROUP);
        if (refusal === 0) this.transmit(word.JOIN_MESS, [GROUP], 0, Buffer.alloc(0));
        return refusal;
      }
      case 'FL_leave': {
        const refusal = machine?.leaveRefusal() ?? ILLEGAL_GROUP;
        if (refusal !== 0) return refusal;
        machine?.leave();
        this.transmit(word.LEAVE_MESS, [GROUP], 0, Buffer.alloc(0));
        return 0;
      }
      case 'FL_flush': {
        const refusal = machine?.flushRefusal() ?? ILLEGAL_GROUP;
        if (refusal === 0) machine?.flush();
        return refusal;
      }
      case 'FL_multicast':
      case 'FL_unicast': {
        const refusal = machine?.sendRefusal() ?? ILLEGAL_GROUP;
        const receivers = name === 'FL_unicast' ? [words[3] as string] : undefined;
        if (refusal !== 0) return refusal;
        machine?.send({ ...request, receivers });
        return body.length;
      }
      case 'FL_more_msgs':
        return this.queue.length;
      default:
        throw new Error(`expected a call of the vectors, got ${name}`);
    }
  }

  private transmit(service: number, groups: readonly string[], type: number, body: Buffer): void {
    this.sent.push({ service: hex(service), groups, mess_type: type, body_hex: body.toString('hex') });
  }

  private handle(event: PlainEvent): void {
    const data = dataOf(event);
    if (data) this.layer.data(data);
    else if (event.kind === 'plain-view') {
      const { cause, view, members, changed, vs_sets: sets, mine } = event;
      const vsSet = sets?.[mine] ?? [];
      this.layer.plainView({ group: GROUP, id: idOf(view), cause, members, changed: changed ?? null, vsSet });
    } else if (event.kind.startsWith('plain-transition')) this.layer.plainTransition(GROUP);
    else if (event.kind.startsWith('plain-self-leave')) this.layer.plainSelfLeave(GROUP);
    // A reject frame is handed out beside the layer.
    else if (event.kind !== 'reject-of-a-message-to-g') throw new Error(`unexpected event ${event.kind}`);
  }

  private received(event: FlushEvent): Received {
    const base = { ret: 0, sender: GROUP, groups: [], mess_type: 0, endian_mismatch: 0, body_hex: '' };
    const more = this.queue.length;
    switch (event.kind) {
      case 'data': {
        const { sender, groups, type, body, senderLittle } = event;
        const service = hex(event.service);
        const mismatch = senderLittle ? 0 : 1;
        const body_hex = body.toString('hex');
        return {
          ret: body.length,
          service,
          sender,
          groups,
          mess_type: type,
          endian_mismatch: mismatch,
          more,
          body_hex,
        };
      }
      case 'view': {
        const { id, cause, members, index, changed, cameWithMe } = event;
        const body = encodeSspBody(id, changed === null ? cameWithMe : [changed]);
        const service = hex(word.REG_MEMB_MESS | causes[cause]);
        return {
          ...base,
          ret: body.length,
          service,
          groups: members,
          mess_type: index,
          more,
          body_hex: body.toString('hex'),
        };
      }
      case 'flush-request':
        return { ...base, service: hex(word.FLUSH_REQ_MESS), more };
      case 'transition':
        return { ...base, service: hex(word.TRANSITION_MESS), more };
      case 'self-leave':
        return { ...base, service: hex(word.CAUSED_BY_LEAVE), mess_type: -1, more };
      default:
        throw new Error(`unexpected event ${event.kind}`);
    }
  }
}

/** In a line, for where ours differs. */
export function tell({ service = '', groups = [], sender, body_hex: body = '' }: Received): string {
  const kind = Number(service);
  const bytes = Buffer.from(body, 'hex');
  if (kind === 0x2000_0000) return 'flush-request';
  if (kind === 0x2000) return 'transition';
  if (kind === 0x200) return 'self-leave';
  if ((kind & 0x1000) === 0) return `data of ${sender}: ${bytes.toString()}`;
  return `view ${groupIdText([bytes.readInt32LE(0), 0, bytes.readInt32LE(8)])
    .split('.')
    .at(-1)} of ${groups.join(' ')}`;
}
