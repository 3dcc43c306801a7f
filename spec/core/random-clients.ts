/**
 * Many clients of one daemon who do things by chance, and who are held against the model: each must have got exactly
 * what the model says, in that order.
 */
import { Buffer } from 'node:buffer';
import type { Daemon } from '../../daemon/index.js';
import type { Delivery } from '../../lib/wire/delivery.js';
import { privateGroup } from '../../lib/wire/name.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { JOIN_MESS, KILL_MESS, LEAVE_MESS, SELF_DISCARD } from '../../lib/wire/service.js';
import { type Due, DaemonOracle, type Operation, SERVICES } from '../support/daemon-oracle.js';
import type { Random } from '../support/random.js';
import { RawSession } from '../support/raw-client.js';
import { groupIdOf, tell } from '../support/describe-frame.js';
import { until } from '../support/wait.js';

const GROUPS = Array.from({ length: 16 }, (_, i) => `${'gGh~'[i % 4]}${i}`);
/** Four more that nobody stays in, so that they are empty again and again. */
const FLEETING = ['a', 'b', 'y', 'z'];
const ALL_GROUPS = [...GROUPS, ...FLEETING];
const LIMIT = 20_000;

export class RandomClient {
  /** Frames that were checked. */
  checked = 0;

  constructor(
    readonly session: RawSession,
    readonly due: readonly Due[],
  ) {}

  get who(): string {
    return this.session.privateGroup;
  }
}

export class RandomClients {
  readonly model = new DaemonOracle();
  readonly visitors = new Map<string, RandomClient>();
  /** What was done, for the one who has to find out. */
  readonly history: string[] = [];
  /** Frames that were held against the model. */
  checked = 0;
  private texts = 0;
  /** The id of each view by its number, and the number of each id of a group. */
  private readonly idOfView = new Map<number, string>();
  private readonly viewOfId = new Map<string, number>();

  constructor(
    private readonly daemon: Daemon,
    private readonly random: Random,
    readonly names: readonly string[],
  ) {}

  async open(name: string): Promise<void> {
    const { random, daemon } = this;
    const membership = random.chance(0.8);
    const where = random.chance(0.5) ? daemon.port : (daemon.unixPath as string);
    const session = await RawSession.connect(where, name, membership);
    this.apply({ kind: 'open', who: session.privateGroup, membership });
    const due = this.model.sessions.get(session.privateGroup)?.due ?? [];
    this.visitors.set(name, new RandomClient(session, due));
  }

  /** Some operations of one session, as they go into one write. */
  someOperations(who: string): Operation[] {
    const { random } = this;
    if (random.chance(0.1)) return this.fleeting(who, random.pick(FLEETING));
    return Array.from({ length: 1 + random.below(6) }, (): Operation => {
      const dice = random.next();
      if (dice < 0.25) return { kind: 'join', who, group: random.pick(GROUPS) };
      if (dice < 0.45) return { kind: 'leave', who, group: random.pick(GROUPS) };
      const service = random.pick(SERVICES) | (random.chance(0.2) ? SELF_DISCARD : 0);
      const text = `${++this.texts} ${'.'.repeat(random.chance(0.02) ? random.below(60_000) : random.below(40))}`;
      return { kind: 'send', who, service, to: this.someDestinations(who), text };
    });
  }

  private fleeting(who: string, group: string): Operation[] {
    const text = `${++this.texts}`;
    return [
      { kind: 'join', who, group },
      { kind: 'send', who, service: this.random.pick(SERVICES), to: [group], text },
      { kind: 'leave', who, group },
    ];
  }

  apply(operation: Operation): void {
    this.history.push(JSON.stringify(operation).slice(0, 120));
    this.model.apply(operation);
  }

  /** Sends the operations in one write, which the daemon has not read yet. @returns how many bytes these are */
  send(visitor: RandomClient, operations: readonly Operation[]): number {
    const bytes = Buffer.concat(operations.map(encode));
    visitor.session.client.send(bytes);
    return bytes.length;
  }

  /** The session goes, in one of the ways there are. Resolves when the daemon has seen it. */
  async end(name: string): Promise<void> {
    const visitor = this.visitors.get(name);
    if (!visitor) return;
    const { session } = visitor;
    const before = this.daemon.sessions;
    const way = this.random.below(4);
    if (way === 0) session.disconnect();
    else if (way === 1) session.client.socket.end();
    else if (way === 2) session.client.reset();
    else session.close();
    this.visitors.delete(name);
    await until(() => this.daemon.sessions < before, `${name} to be gone`, LIMIT);
    this.apply({ kind: 'end', who: visitor.who });
    this.check(visitor);
  }

  /** Everybody who is there gets everything that the model says, and nothing else. */
  async settle(): Promise<void> {
    for (const visitor of this.visitors.values()) {
      const { session, due, who } = visitor;
      await until(
        () => session.frames.length >= due.length || session.client.closed,
        `${who}: ${due.length} frames, ${session.frames.length} came`,
        LIMIT,
      );
      this.check(visitor);
      if (session.frames.length !== due.length) {
        throw new Error(`${who} got ${session.frames.length} frames and not ${due.length}`);
      }
    }
  }

  /** What came so far is what is due, from the first frame on. */
  private check(visitor: RandomClient): void {
    const { session, due, who } = visitor;
    for (; visitor.checked < session.frames.length; visitor.checked++, this.checked++) {
      const frame = session.frames[visitor.checked] as Delivery;
      const wanted = due[visitor.checked];
      const line = tell(frame);
      if (line !== wanted?.line || (wanted.service !== null && wanted.service !== frame.service)) {
        throw new Error(
          `frame ${visitor.checked} of ${who}:\n  got    ${line.slice(0, 500)}\n  wanted ${wanted?.line.slice(0, 500)}`,
        );
      }
      if (wanted.view !== null) this.checkId(frame.name, wanted.view, groupIdOf(frame).join('.'), who);
    }
  }

  /** The id is the same at all members, and no other view of that group name has or had it. */
  private checkId(group: string, view: number, id: string, who: string): void {
    const known = this.idOfView.get(view) ?? id;
    const other = this.viewOfId.get(`${group} ${id}`) ?? view;
    if (known !== id)
      throw new Error(`${who} got the id ${id} of a view of ${group} that has the id ${known}`);
    if (other !== view) throw new Error(`the id ${id} of ${group} came for two views, ${other} and ${view}`);
    this.idOfView.set(view, id);
    this.viewOfId.set(`${group} ${id}`, view);
  }

  private someDestinations(who: string): string[] {
    const { random } = this;
    const dice = random.next();
    const sessions = random
      .several(this.names, 1 + random.below(3))
      .map((name) => privateGroup(name, 'dmn1'));
    if (dice < 0.6) return [random.pick(GROUPS)];
    if (dice < 0.8) return random.several([...ALL_GROUPS, 'none'], 1 + random.below(5));
    if (dice < 0.9) return sessions;
    if (dice < 0.98) return [...sessions, random.pick(GROUPS), who, '#elsewhere#dmn2'];
    return [];
  }
}

function encode(operation: Operation): Buffer {
  const { kind, who } = operation;
  if (kind === 'send') {
    return encodeMessage(operation.service, who, operation.to, 0, [Buffer.from(operation.text, 'latin1')]);
  }
  if (kind === 'join') return encodeRequest(JOIN_MESS, who, [operation.group]);
  if (kind === 'leave') return encodeRequest(LEAVE_MESS, who, [operation.group]);
  return encodeRequest(KILL_MESS, who, [who]);
}
