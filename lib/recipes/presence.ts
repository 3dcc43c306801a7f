/** Who is here, since when, and what each says of itself. */
import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { signalOption, timeOption } from '../util/option-schemas.js';
import type { Connection } from '../client/connection.js';
import { errorOf } from '../errors.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { parsePrivateGroup } from '../wire/name.js';
import { MAX_METADATA_BYTES } from './core/limits.js';
import { type Departure, type MemberPresence, PresenceCore } from './core/presence.js';
import { GroupBinding } from './group-binding.js';
import { checkedOptions, jsonText } from './options.js';
import { Recipe, type RecipeEvents } from './recipe.js';

/** A member that takes part. */
export interface Member<M> {
  /** Id of its connection, `#bob#d1`. */
  readonly id: string;
  /** Name of its connection at its daemon, `bob`. */
  readonly name: string;
  /** When it began to take part, by its own clock. */
  readonly since: Date;
  /** What it announced; null if it is not JSON. */
  readonly metadata: M | null;
  /** Whether it is this member. */
  readonly isMe: boolean;
}

/** The options of `presence`. */
export interface PresenceOptions<M> {
  /** What the others see of this member: anything that JSON can hold, up to 16 KiB. */
  readonly metadata: M;
  /** Milliseconds for which one who is out of reach is remembered; default one hour. */
  readonly forgetAfterMs?: number | undefined;
  /** Gives up joining. */
  readonly signal?: AbortSignal | undefined;
}

/** Events of a presence, with their arguments. */
export interface PresenceEvents<M> extends RecipeEvents {
  /** One is here, and its metadata too. Comes for those who were here before, and for this member itself. */
  joined: [Member<M>];
  /** One announced other metadata: now, before. */
  updated: [Member<M>, Member<M>];
  /** One is gone for good. */
  left: [Member<M>, Departure];
  /** The network broke between this member and that one. It may continue on its side, and come back. */
  unreachable: [Member<M>];
  /** One that was out of reach is here again, the same process. */
  returned: [Member<M>];
}

const HOUR_MS = 3_600_000;

const schema = z.strictObject({
  metadata: z.unknown().optional(),
  forgetAfterMs: timeOption.default(HOUR_MS),
  signal: signalOption,
});

/**
 * Joins the group and announces this member.
 * @throws IllegalParamError, also for metadata that is too long or no JSON, and what `Connection.join` throws
 */
export async function presence<M = unknown>(
  connection: Connection,
  group: string,
  options: PresenceOptions<M>,
): Promise<Presence<M>> {
  const { metadata, forgetAfterMs, signal } = checkedOptions(schema, options);
  if (metadata === undefined) throw errorOf(ILLEGAL_PARAM, 'metadata is missing: pass null for none');
  return await Presence.open<M>(connection, group, bytesOf(metadata), forgetAfterMs, signal);
}

/** The list of the members that are here, with what each announces. Made by `presence`. */
export class Presence<M> extends Recipe<PresenceEvents<M>> {
  private core!: PresenceCore;

  /** @internal */
  static async open<M>(
    connection: Connection,
    group: string,
    metadata: Buffer,
    forgetAfterMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Presence<M>> {
    const it = new Presence<M>();
    const seat = await GroupBinding.join(connection, group, signal, (end) => it.end(end));
    it.binding = seat;
    const emit = it as Recipe<PresenceEvents<unknown>>;
    const member = (who: MemberPresence): Member<unknown> => it.memberOf(who);
    it.core = new PresenceCore(seat.self, seat.newInstance(), metadata, forgetAfterMs, {
      send: seat.send.bind(seat),
      sendTo: seat.sendTo.bind(seat),
      joined: (who) => void emit.emit('joined', member(who)),
      updated: (who, before) => void emit.emit('updated', member(who), member(before)),
      left: (who, how) => void emit.emit('left', member(who), how),
      unreachable: (who) => void emit.emit('unreachable', member(who)),
      returned: (who) => void emit.emit('returned', member(who)),
    });
    seat.host(it.core);
    return it;
  }

  /** Those who are here, in the one order that all members see. */
  get here(): Member<M>[] {
    return this.core.reachable.map((who) => this.memberOf(who));
  }

  /** Those that the network has parted from this member. */
  get unreachable(): Member<M>[] {
    return this.core.unreachable.map((who) => this.memberOf(who));
  }

  /** Ids of members of the group that announce nothing, such as other programs. */
  get silent(): string[] {
    return this.core.silent;
  }

  /** Announces other metadata. @throws IllegalParamError when it is too long or no JSON */
  announce(metadata: M): void {
    const bytes = bytesOf(metadata);
    this.binding.input(() => this.core.announce(bytes));
  }

  private memberOf({ id, since, metadata }: MemberPresence): Member<M> {
    return {
      id,
      name: parsePrivateGroup(id)?.name ?? id,
      since: new Date(since),
      metadata: valueOf(metadata) as M | null,
      isMe: id === this.binding.self,
    };
  }
}

function bytesOf(metadata: unknown): Buffer {
  const bytes = Buffer.from(jsonText(metadata, 'the metadata'));
  if (bytes.length > MAX_METADATA_BYTES)
    throw errorOf(ILLEGAL_PARAM, `metadata is ${bytes.length} bytes, limit is ${MAX_METADATA_BYTES}`);
  return bytes;
}

function valueOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}
