/**
 * A member of a secure group that sends, asks for new keys, leaves, and comes back when its connection is gone. It writes
 * down what the checkers of secure groups read. One that flushes by hand takes its time for it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type Connection } from '../../../../lib/index.js';
import type { ConnectionEvent, GroupEvent } from '../../../../lib/client/event.js';
import type { SecureGroup } from '../../../../lib/client/secure-group.js';
import type { SecureView } from '../../../../lib/client/event.js';
import { SERVICES } from '../../../../lib/client/send.js';
import type { TamperingEvent } from '../../../../lib/client/secure-types.js';
import { groupIdText } from '../../../../lib/wire/group-id.js';
import type { SecureLog } from '../../../secure/simulation/log.js';
import { hexOf } from '../../../secure/token-provider.js';
import type { Random } from '../../random.js';
import { GroupMember } from './group-member.js';
import type { KeyBook } from './secure-evidence.js';
import { type Accepted, type CommonOptions, optionsOf, SECURE_GROUP } from './secure-group.js';
import { fill, isSecureView, SecureInside, textOf } from './secure-inside.js';
import { isIntruder } from './visitor.js';

const CONNECT_MS = 3_000;
const PATIENCE_MS = 10_000;
/** Longest pause between two deeds. */
const IDLE_MS = 120;
/** Longest time before a flush. */
const FLUSH_MS = 60;
const SMALL_BYTES = 300;
const LARGE_BYTES = 30_000;
/** Messages of one member that may wait for a key. */
const MOST_HELD = 20;

interface Life {
  readonly connection: Connection;
  group: SecureGroup | null;
  log: SecureLog | null;
  inside: SecureInside | null;
}

export class SecureClient extends GroupMember<SecureGroup> {
  /** Of all its memberships. */
  readonly logs: SecureLog[] = [];
  /** What it was handed in clear. */
  readonly clear: string[] = [];
  /** What visitors sent that it noticed. */
  noticed = 0;
  private life: Life | null = null;
  private memberships = 0;
  private messages = 0;
  private waiting = 0;

  constructor(
    private readonly accepted: Accepted,
    private readonly common: CommonOptions,
    private readonly keys: KeyBook,
    random: Random,
  ) {
    super(accepted.node, accepted.name, random, IDLE_MS);
  }

  protected get group(): SecureGroup | null {
    return this.life?.group ?? null;
  }

  get view(): string {
    const { view, isMember } = this.group ?? {};
    return view && isMember ? `${hexOf(view.secureId).slice(0, 16)} ${view.members.join(' ')}` : '';
  }

  async mark(): Promise<string> {
    const { group, log } = this.life ?? {};
    if (!group || !log) throw new Error(`${this.id} is not a member`);
    const text = `${log.name}/mark ${++this.messages}`;
    await group.send(text, { view: group.view.id });
    return text;
  }

  has(text: string): boolean {
    return this.life?.log?.entries.some((entry) => entry.kind === 'data' && entry.text === text) === true;
  }

  /** Members that have shown it the key that is in use. */
  get confirmedMembers(): ReadonlySet<string> {
    return this.group?.isMember ? this.group.confirmedMembers : new Set();
  }

  /** Notes how it stands when all is quiet. */
  conclude(): void {
    const { log, inside } = this.life ?? {};
    if (log?.end === 'open') log.final = inside?.final ?? null;
  }

  protected async close(): Promise<void> {
    await this.life?.connection.close();
  }

  protected async join(): Promise<void> {
    const life = (this.life ??= await this.open());
    const log: SecureLog = {
      name: `${this.id}~${++this.memberships}`,
      id: this.id,
      isHonest: true,
      isAuthorized: true,
      isServed: true,
      entries: [],
      end: 'open',
      final: null,
    };
    life.log = log;
    this.logs.push(log);
    const secure = optionsOf(this.common, this.accepted);
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      life.group = await life.connection.join(SECURE_GROUP, { secure, signal });
      life.group.on('event', (event) => this.read(event));
    } catch (error) {
      // It was given up: the library leaves the group again.
      log.end = 'died';
      await life.connection.close();
      this.life = null;
      throw error;
    }
  }

  private async open(): Promise<Life> {
    const { node, name } = this;
    const connection = await connect({ address: node.address, name, timeoutMs: CONNECT_MS });
    const life: Life = { connection, group: null, log: null, inside: null };
    // The connection shows what comes before the join has its group, too.
    connection.on('event', (event) => this.heard(life, event));
    connection.on('close', () => {
      if (life.log && life.log.end !== 'left') life.log.end = 'died';
      if (this.life === life) this.life = null;
    });
    return life;
  }

  /** What the group hands out. */
  private read(event: GroupEvent): void {
    if (event.kind === 'data' && !event.encrypted) this.clear.push(`${event.text} of ${event.sender}`);
    if (event.kind === 'flush-request') void this.flush(() => event.flush());
  }

  private async flush(flush: () => void): Promise<void> {
    if (!this.isOver) await pause(this.random.below(FLUSH_MS));
    flush();
  }

  private heard(life: Life, event: ConnectionEvent): void {
    const { log, connection } = life;
    if (!log || event.kind === 'reject') return;
    const { entries } = log;
    const inside = SecureInside.of(connection, life.inside, entries);
    life.inside = inside;
    switch (event.kind) {
      case 'data':
        if (event.encrypted) entries.push({ kind: 'data', text: textOf(event.body), sender: event.sender });
        return;
      case 'view':
        if (isSecureView(event)) this.viewed(log, event, inside);
        break;
      case 'rekeyed': {
        const { epoch, secureId } = event;
        const id = hexOf(secureId);
        entries.push({ kind: 'rekeyed', id, gid: inside?.gid ?? '', epoch });
        this.keys.note(id, inside?.key ?? '', this.id);
        break;
      }
      case 'excluded':
        entries.push({
          kind: 'excluded',
          reason: event.reason,
          sealer: event.sealer,
          gid: inside?.gid ?? '',
        });
        break;
      case 'tampering':
        this.tampered(log, event);
        break;
      case 'disagreement':
        entries.push({ kind: 'disagreement', gid: inside?.gid ?? '' });
        break;
      case 'self-leave':
        entries.push({ kind: 'self-leave' });
        log.end = 'left';
        life.group = null;
        break;
      case 'transition':
      case 'stalled':
        entries.push({ kind: event.kind });
        break;
      default:
    }
    const decision = inside?.decision();
    if (decision) entries.push(decision);
  }

  private viewed({ entries }: SecureLog, view: SecureView, inside: SecureInside | null): void {
    const { id: gid, secureId, cause, changed, members, myIndex: index, cameWithMe } = view;
    const id = hexOf(secureId);
    const outsiders = view.outsiders.map(({ name }) => name);
    entries.push({
      kind: 'view',
      id,
      gid: groupIdText(gid),
      cause,
      changed,
      members,
      index,
      cameWithMe,
      outsiders,
    });
    this.keys.note(id, inside?.key ?? '', this.id);
  }

  /** What visitors do is no fault of the members. */
  private tampered({ entries }: SecureLog, { reason, sender }: TamperingEvent): void {
    if (sender !== null && isIntruder(sender)) this.noticed++;
    else entries.push({ kind: 'tampering', reason, sender });
  }

  protected async deed(group: SecureGroup): Promise<void> {
    const { random } = this;
    const chance = random.next();
    if (chance < 0.002) {
      const log = this.life?.log;
      log?.entries.push({ kind: 'leave' });
      if (log) log.end = 'leaving';
      await group.leave();
    } else if (chance < 0.003) await this.life?.connection.close();
    else if (chance < 0.01) group.rekey().catch(() => undefined);
    else if (this.waiting < MOST_HELD) this.send(group);
  }

  /** In the view that it knows, or in the next one that has a key. Where it was sent in fact is seen inside. */
  private send(group: SecureGroup): void {
    const { random } = this;
    const { view } = group;
    const service = random.pick(SERVICES);
    const selfDiscard = random.chance(0.1);
    const options = { service, selfDiscard, view: random.chance(0.5) ? view.id : undefined };
    const bytes = random.below(random.chance(0.03) ? LARGE_BYTES : SMALL_BYTES);
    const text = fill(`${this.life?.log?.name}/${++this.messages}`, bytes);
    const receivers = random.chance(0.2) ? view.members.filter(() => random.chance(0.5)) : null;
    const sent = receivers ? group.sendToMembers(receivers, text, options) : group.send(text, options);
    this.waiting++;
    void sent.catch(() => undefined).finally(() => this.waiting--);
  }
}
