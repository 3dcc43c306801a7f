/** Who is here, since when, and what each says of itself. */
import { loadSchemas } from '#schemas';
import { Buffer } from '#buffer';
import { aSignal, aTime, holds } from '../util/option-checks.js';
import type { Connection } from '../client/connection.js';
import { errorOf } from '../errors.js';
import type { StandardSchema, ValueIssue } from '../util/standard-schema.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { parsePrivateGroup } from '../wire/name.js';
import { isKey } from './core/announcement.js';
import { MAX_KEY_BYTES, MAX_METADATA_BYTES } from './core/limits.js';
import { byKey, People } from './core/people.js';
import { type Departure, type MemberPresence, type MembersSink, PresenceCore } from './core/presence.js';
import { GroupBinding } from './group-binding.js';
import { checkOptions, jsonText } from './options.js';
import { Recipe, type RecipeEvents } from './recipe.js';
import type { SchemaValues } from './schemas.js';

/** A member that takes part: one connection, such as a tab. */
export interface Member<M> {
  /** Id of its connection, `#bob#d1`. */
  readonly id: string;
  /** Name of its connection at its daemon, `bob`. */
  readonly name: string;
  /** When it began to take part, by its own clock. */
  readonly since: Date;
  /** What it announced; null if it is not JSON, or if the schema does not accept it. */
  readonly metadata: M | null;
  /** What the schema does not accept of what it announced; empty where it accepts it, and without a schema. */
  readonly issues: readonly ValueIssue[];
  /** Whose connection it is: equal for the connections of one person. */
  readonly key: string;
  /** Whether it is this member. */
  readonly isMe: boolean;
}

/** One who is here with one or several connections. */
export interface Person<M> {
  /** Tells people apart; see `PresenceOptions.key`. */
  readonly key: string;
  /** What its connections announced, in their order. */
  readonly metas: readonly (M | null)[];
  /** Its connections, in the order of the group. */
  readonly members: readonly Member<M>[];
  /** Whether this member is one of its connections. */
  readonly isMe: boolean;
}

/** The options of `presence`. */
export interface PresenceOptions<M> {
  /** What the others see of this member: anything that JSON can hold, up to 16 KiB. */
  readonly metadata: M;
  /**
   * Whose connection this is, 1 to 128 bytes: members with the same key are one person. Default: the subject of the token, as the
   * daemon states it to all members; without a token a key that no other connection has. A member behind a token can have no other key than its
   * subject, unless the daemon permits it to `impersonate`; one without a token says what it likes.
   */
  readonly key?: string | undefined;
  /** Milliseconds for which one who is out of reach is remembered; default one hour. */
  readonly forgetAfterMs?: number | undefined;
  /** Gives up joining. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of `presence` with a schema. */
export interface TypedPresenceOptions<M, Input = M> extends PresenceOptions<Input> {
  /**
   * Of the metadata; it must answer at once. It checks what this member announces, and reads what the others do. They may have another
   * one, or none.
   */
  readonly schema: StandardSchema<Input, M>;
}

/** Events of a presence, with their arguments. */
export interface PresenceEvents<M> extends RecipeEvents {
  /** One is here, and its metadata too. Comes for those who were here before, and for this member itself. */
  joined: [Member<M>];
  /** One announced other metadata: now, before. */
  updated: [Member<M>, Member<M>];
  /** One is gone for good. */
  left: [Member<M>, Departure];
  /**
   * The network broke between this member and that one, which may continue on its side, and come back. Or its connection
   * broke, and it looks for a daemon.
   */
  unreachable: [Member<M>];
  /** One that was out of reach is here again, the same process, maybe under another id: now, before. */
  returned: [Member<M>, Member<M>];
  /** The first connection of a person is here. */
  'person-joined': [Person<M>];
  /** The last connection of a person is gone for good; the person as it was with that one. */
  'person-left': [Person<M>];
}

const HOUR_MS = 3_600_000;

const aKey = holds(
  (value) => typeof value === 'string' && isKey(value),
  `must be a text of 1 to ${MAX_KEY_BYTES} bytes`,
);
/** A schema is checked by the part that is loaded for it. */
const OPTIONS = {
  metadata: () => null,
  key: aKey,
  forgetAfterMs: aTime,
  signal: aSignal,
  schema: () => null,
};

/**
 * Joins the group and announces this member.
 * @throws IllegalParamError, also for metadata that is too long or no JSON, InvalidValueError for metadata that the schema does not
 * accept, IllegalParamError also for a key that is not the subject of the token, and what
 * `Connection.join` throws
 */
export async function presence<M, Input>(
  connection: Connection,
  group: string,
  options: TypedPresenceOptions<M, Input>,
): Promise<Presence<M, Input>>;
export async function presence<M = unknown>(
  connection: Connection,
  group: string,
  options: PresenceOptions<M>,
): Promise<Presence<M>>;
export async function presence<M = unknown>(
  connection: Connection,
  group: string,
  options: PresenceOptions<M> & { readonly schema?: StandardSchema<unknown, M> },
): Promise<Presence<M>> {
  checkOptions(OPTIONS, options);
  const { metadata, key = null, forgetAfterMs = HOUR_MS, signal, schema } = options;
  if (metadata === undefined) throw errorOf(ILLEGAL_PARAM, 'metadata is missing: pass null for none');
  // A page without a schema loads nothing of this.
  const values = schema === undefined ? null : new (await loadSchemas()).SchemaValues(schema);
  return await Presence.open<M>(
    connection,
    group,
    { metadata: bytesOf(values, metadata), key, forgetAfterMs, values },
    signal,
  );
}

/** What a presence is made of. */
interface OpenOptions<M> {
  readonly metadata: Buffer;
  readonly key: string | null;
  readonly forgetAfterMs: number;
  readonly values: SchemaValues<M> | null;
}

const NO_ISSUES: readonly ValueIssue[] = [];

/** The list of the members that are here, with what each announces. Made by `presence`. */
export class Presence<M, Input = M> extends Recipe<PresenceEvents<M>> {
  private core!: PresenceCore;

  private constructor(private readonly values: SchemaValues<M> | null) {
    super();
  }

  /** @internal */
  static async open<M>(
    connection: Connection,
    group: string,
    options: OpenOptions<M>,
    signal: AbortSignal | undefined,
  ): Promise<Presence<M>> {
    const it = new Presence<M>(options.values);
    const seat = await GroupBinding.join(connection, group, signal, it.owner);
    it.binding = seat;
    await it.checkKey(options.key);
    const emit = it as Recipe<PresenceEvents<unknown>>;
    const people = new People({
      arrived: (key, first) => void emit.emit('person-joined', it.personOf(key, [first])),
      departed: (key, last) => void emit.emit('person-left', it.personOf(key, [last])),
    });
    const member = (who: MemberPresence): Member<unknown> => it.memberOf(who);
    const sink: MembersSink = {
      send: seat.send.bind(seat),
      sendTo: seat.sendTo.bind(seat),
      subjectOf: seat.subjectOf.bind(seat),
      joined: (who) => {
        emit.emit('joined', member(who));
        people.joined(who);
      },
      updated: (who, before) => {
        emit.emit('updated', member(who), member(before));
        people.changed(who, before);
      },
      left: (who, how) => {
        emit.emit('left', member(who), how);
        people.left(who);
      },
      unreachable: (who) => void emit.emit('unreachable', member(who)),
      returned: (who, before) => {
        emit.emit('returned', member(who), member(before));
        people.changed(who, before);
      },
    };
    const { metadata, key, forgetAfterMs } = options;
    const instance = seat.newInstance();
    it.core = new PresenceCore(seat.self, instance, metadata, forgetAfterMs, sink, seat.comesBack, key);
    seat.host(it.core);
    return it;
  }

  /** Those who are here, in the one order that all members see. */
  get here(): Member<M>[] {
    return this.core.reachable.map((who) => this.memberOf(who));
  }

  /** Who is here, each with all its connections, in the one order that all members see. */
  get people(): Person<M>[] {
    return [...byKey(this.core.reachable)].map(([key, members]) => this.personOf(key, members));
  }

  /** Those that the network has parted from this member. */
  get unreachable(): Member<M>[] {
    return this.core.unreachable.map((who) => this.memberOf(who));
  }

  /** Ids of members of the group that announce nothing, such as other programs. */
  get silent(): string[] {
    return this.core.silent;
  }

  /** Announces other metadata. @throws IllegalParamError when it is too long or no JSON, InvalidValueError when the schema does not accept it */
  announce(metadata: Input): void {
    const bytes = bytesOf(this.values, metadata);
    this.binding.input(() => this.core.announce(bytes));
  }

  /** @throws IllegalParamError for one that the others would not believe */
  private async checkKey(key: string | null): Promise<void> {
    const { binding } = this;
    const subject = binding.subjectOf(binding.self);
    if (key === null || subject === null || key === subject) return;
    await binding.leave();
    const text = `key must be ${JSON.stringify(subject)}, the subject of the token: another one needs the permission impersonate`;
    throw errorOf(ILLEGAL_PARAM, text);
  }

  private personOf(key: string, members: readonly MemberPresence[]): Person<M> {
    const all = members.map((who) => this.memberOf(who));
    return {
      key,
      metas: all.map(({ metadata }) => metadata),
      members: all,
      isMe: all.some(({ isMe }) => isMe),
    };
  }

  private memberOf({ id, since, metadata, key }: MemberPresence): Member<M> {
    const read = this.values?.read(valueOf(metadata), metadata);
    return {
      id,
      name: parsePrivateGroup(id)?.name ?? id,
      since: new Date(since),
      metadata: read === undefined ? (valueOf(metadata) as M | null) : read.isValid ? read.value : null,
      issues: read === undefined || read.isValid ? NO_ISSUES : read.issues,
      key,
      isMe: id === this.binding.self,
    };
  }
}

function bytesOf(values: SchemaValues<unknown> | null, metadata: unknown): Buffer {
  const what = 'the metadata';
  const bytes = Buffer.from(values === null ? jsonText(metadata, what) : values.text(metadata, what));
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
