/** A raw client that comes back, for specs of the daemon: it counts what comes, and names its position as the library does. */
import { Buffer } from 'node:buffer';
import { StreamPosition } from '../../lib/client/resume/position.js';
import type { Delivery } from '../../lib/wire/delivery.js';
import {
  FEATURE_COMPACT_VIEWS,
  FEATURE_LISTS_ON_DEMAND,
  FEATURE_MOVES,
  FEATURE_RESUME,
} from '../../lib/wire/extension/features.js';
import { isExtensionFrame } from '../../lib/wire/extension/frame.js';
import type { Hello } from '../../lib/wire/extension/hello.js';
import { readToClient, type ToClient } from '../../lib/wire/extension/read.js';
import { encodeResume, type ResumeGroup } from '../../lib/wire/extension/resume.js';
import type { Welcome } from '../../lib/wire/extension/welcome.js';
import { isMembership, isSelfLeave, isTransition } from '../../lib/wire/service.js';
import { tell } from './describe-frame.js';
import { RawSession } from './raw-client.js';
import { eventually } from './wait.js';

const FEATURES = FEATURE_RESUME | FEATURE_COMPACT_VIEWS | FEATURE_LISTS_ON_DEMAND;

interface Wishes {
  /** Milliseconds for which it wants to be held when its connection is lost. */
  readonly holdMs?: number;
  /** Whether it wants to be asked to move. */
  readonly canMove?: boolean;
}
/** Milliseconds within which something has to come. */
const PATIENCE = 20_000;

/** A daemon. */
type Where = Parameters<typeof RawSession.connect>[0];

export class ResumableClient {
  /** What has come over all connections, in words. */
  readonly words: string[] = [];
  readonly position = new StreamPosition();
  /** How many data messages its groups had, as their last lists say. */
  readonly counts = new Map<string, number | null>();
  session!: RawSession;
  /** Number of the next request. */
  next = 1;
  private attempt = 0;
  private taken = 0;
  private token: Buffer = Buffer.alloc(0);

  private constructor(
    readonly name: string,
    private readonly wishes: Wishes,
  ) {}

  static async connect(where: Where, name: string, wishes: Wishes = {}): Promise<ResumableClient> {
    const client = new ResumableClient(name, wishes);
    await client.dial(where, null);
    const { tag, index, hash } = client.welcome.position;
    client.position.marked({ tag, from: index, to: index, hash });
    return client;
  }

  get welcome(): Welcome {
    return this.session.welcome as Welcome;
  }

  get privateGroup(): string {
    return this.session.privateGroup;
  }

  join(group: string): void {
    this.next++;
    this.session.join(group);
  }

  leave(group: string): void {
    this.next++;
    this.session.leave(group);
  }

  multicast(service: number, groups: readonly string[], body: string | Buffer): void {
    this.next++;
    this.session.multicast(service, groups, body);
  }

  /** The connection breaks: whatever has come by now was taken. */
  break(): void {
    this.take();
    this.session.client.reset();
  }

  /** Connects again; nothing happens before `resume`. */
  async return(where: Where, awayMs = 10): Promise<void> {
    this.take();
    this.attempt++;
    await this.dial(where, { token: this.token, position: this.position.at(awayMs) });
  }

  /** Says what it wants. @param wanted its groups @param more what else it says of groups, by name */
  resume(wanted: readonly string[], more: Readonly<Record<string, Partial<ResumeGroup>>> = {}): void {
    this.session.client.send(this.resumeOf(wanted, this.attempt, more));
  }

  /** The frame that says it, in that try. */
  resumeOf(
    wanted: readonly string[],
    attempt: number,
    more: Readonly<Record<string, Partial<ResumeGroup>>> = {},
  ): Buffer {
    const names = new Set([...this.position.groups, ...wanted]);
    const groups = [...names].map((group) => {
      const signalled = this.position.hasSignal(group);
      const had = this.position.had(group);
      const said: ResumeGroup = { group, onDemand: false, signalled, had, wanted: wanted.includes(group) };
      return Object.assign(said, more[group]);
    });
    return encodeResume({ next: this.next, attempt, more: false, groups });
  }

  /** Takes what has come. @returns the words that are new */
  take(): string[] {
    const { frames } = this.session;
    const before = this.words.length;
    while (this.taken < frames.length) {
      const word = this.frame(frames[this.taken++] as Delivery);
      if (word !== null) this.words.push(word);
    }
    return this.words.slice(before);
  }

  /** Resolves when that has come since the last look at what has. */
  async hears(...words: readonly string[]): Promise<void> {
    const isHeard = (): boolean => {
      this.take();
      return words.every((word) => this.words.includes(word));
    };
    await eventually(isHeard, words.join(', '), PATIENCE).catch((error: unknown) => {
      throw new Error(`${String(error)}; came: ${this.words.join(' | ')}`);
    });
  }

  /** What has come, and is forgotten. */
  heard(): string[] {
    this.take();
    return this.words.splice(0);
  }

  close(): void {
    this.session.close();
  }

  private async dial(where: Where, resume: Hello['resume']): Promise<void> {
    const { attempt } = this;
    const { holdMs = 0, canMove = false } = this.wishes;
    const features = FEATURES | (canMove ? FEATURE_MOVES : 0);
    const hello = { features, holdMs, heartbeatMs: 0, attempt, resume };
    this.session = await RawSession.connect(where, this.name, true, hello);
    this.taken = 0;
    this.token = this.welcome.token;
  }

  /** @returns null for what no application sees */
  private frame(frame: Delivery): string | null {
    const { bytes, start, end } = frame as unknown as { bytes: Buffer; start: number; end: number };
    const { position } = this;
    if (isExtensionFrame(bytes, start)) {
      const read = readToClient(bytes, start, end);
      return read && this.extension(read);
    }
    if (isTransition(frame.service)) {
      position.signal(frame.name);
      return `signal ${frame.name}`;
    }
    if (isSelfLeave(frame.service)) {
      position.left(frame.name);
      return `left ${frame.name}`;
    }
    if (!isMembership(frame.service)) position.data();
    return tell(frame);
  }

  private extension(read: ToClient): string | null {
    const { position } = this;
    switch (read.kind) {
      case 'mark':
        position.marked(read);
        return null;
      case 'views':
        position.views(read.group, read.records.length);
        return `${read.group}: ${read.records.map(({ cause, name, returned }) => `${cause} ${name}${returned === null ? '' : ` was ${returned}`}`).join(', ')}`;
      case 'network':
        position.views(read.group);
        return `${read.group}: network -${read.gone.join()} +${read.come.map(({ name }) => name).join()}${read.ownSet === null ? ', observed' : ''}`;
      case 'list':
        if (read.cause === 'join') this.counts.set(read.group, read.messages);
        if (read.last) position.list(read.group, read.cause === 'join' && !read.afterGap && !read.answer);
        return `list ${read.group}${read.afterGap ? ' behind a gap' : ''}${read.answer ? ', asked for' : ''}: ${read.names.join(' ')}`;
      case 'gap':
        position.gap(read.group);
        return `gap ${read.group}: ${read.reason}`;
      case 'resumed':
        return `resumed ${read.groups}`;
      case 'move':
        return `move ${read.reason}: ${read.addresses.join(' ')}`;
      case 'end':
        return `end ${read.code}`;
      default:
        return null;
    }
  }
}
