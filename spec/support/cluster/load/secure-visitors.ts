/**
 * Two that are not wanted in a secure group. The outcast joins it as members do, with an identity that nobody accepts. The
 * intruder is a member of the view-synchronous or of the plain group of that name, or of none, and sends what members said,
 * as it was and damaged, garbage, and words in clear.
 */
import { Buffer } from 'node:buffer';
import type { Connection } from '../../../../lib/index.js';
import type { ConnectionEvent } from '../../../../lib/client/event.js';
import { SERVICES, serviceBit } from '../../../../lib/client/send.js';
import type { SecureOptions } from '../../../../lib/client/secure-options.js';
import type { SecureGroup } from '../../../../lib/client/secure-group.js';
import type { Mailbox } from '../../../../lib/mailbox/mailbox.js';
import { SECURE_TYPE } from '../../../../lib/secure/core/limits.js';
import { hexOf } from '../../../secure/token-provider.js';
import type { Random } from '../../random.js';
import type { ClusterNode } from '../node.js';
import { Loot } from './loot.js';
import type { KeyBook, OutcastLog } from './secure-evidence.js';
import { anOutcast, type CommonOptions, optionsOf, SECURE_GROUP } from './secure-group.js';
import { flushLayerOf, isSecureView, SecureInside, textOf } from './secure-inside.js';
import { Visitor } from './visitor.js';

const TIMES = { idle: 150, stay: 4_000, away: 6_000 };
/** A plain member does not flush, so it holds up all others for so long. */
const PLAIN_MS = 400;
const MOST_WORDS = 60;

export class SecureOutcast extends Visitor {
  readonly log: OutcastLog;
  private readonly joiner: ReturnType<typeof anOutcast>;
  private group: SecureGroup | null = null;
  private inside: SecureInside | null = null;

  /** @param common it accepts the members, and is not accepted */
  constructor(
    node: ClusterNode,
    private readonly common: CommonOptions,
    private readonly keys: KeyBook,
    random: Random,
  ) {
    super(node, 'out', random, TIMES);
    this.joiner = anOutcast(random);
    this.log = { id: this.id, views: [], data: [], confirmed: new Set() };
  }

  protected arrive(connection: Connection): void {
    const { common, joiner } = this;
    const allow = [...(common.allow ?? []), { identity: joiner.identity.publicKey, anyName: true as const }];
    this.group = null;
    connection.on('event', (event) => this.heard(connection, event));
    const secure = optionsOf({ ...common, allow }, joiner);
    void this.join(connection, secure).catch(() => undefined);
  }

  private async join(connection: Connection, secure: SecureOptions): Promise<void> {
    this.group = await connection.join(SECURE_GROUP, { secure });
    this.group.on('event', () => undefined);
  }

  protected async deed(): Promise<void> {
    const { group, random } = this;
    if (!group?.isMember) return;
    for (const member of group.confirmedMembers) this.log.confirmed.add(member);
    if (random.chance(0.1)) group.rekey().catch(() => undefined);
    else {
      this.sent++;
      await group.send(`of an outcast, ${this.sent}`, {
        service: random.pick(SERVICES),
        view: group.view.id,
      });
    }
  }

  private heard(connection: Connection, event: ConnectionEvent): void {
    const { log, keys, id: self } = this;
    this.inside = SecureInside.of(connection, this.inside, []);
    if (isSecureView(event) || event.kind === 'rekeyed') {
      const view = { id: hexOf(event.secureId), key: this.inside?.key ?? '' };
      log.views.push(view);
      keys.note(view.id, view.key, self);
    } else if (event.kind === 'data' && event.groups.at(-1) === SECURE_GROUP)
      log.data.push({ text: textOf(event.body), sender: event.sender });
  }
}

type Role = 'flush' | 'plain' | 'outside';

export class SecureIntruder extends Visitor {
  private readonly loot = new Loot();
  private role: Role = 'outside';
  private leaveAt = Infinity;

  /** @param members private names to which it speaks, too */
  constructor(
    node: ClusterNode,
    private readonly members: readonly string[],
    random: Random,
  ) {
    super(node, 'in', random, TIMES);
  }

  protected arrive(connection: Connection): void {
    this.role = this.random.pick(['flush', 'flush', 'plain', 'outside'] as const);
    this.leaveAt = this.role === 'plain' ? performance.now() + PLAIN_MS : Infinity;
    connection.on('event', (event) => {
      if (event.kind === 'data' && event.type === SECURE_TYPE) this.loot.keep(SECURE_GROUP, event.body);
    });
    if (this.role === 'outside') return;
    void this.join(connection).catch(() => undefined);
  }

  private async join(connection: Connection): Promise<void> {
    const group = await connection.join(SECURE_GROUP, { viewSynchrony: this.role === 'flush' });
    group.on('event', () => undefined);
  }

  protected async deed(connection: Connection): Promise<void> {
    const { random, loot } = this;
    if (performance.now() > this.leaveAt) {
      this.leaveAt = Infinity;
      await connection.leave(SECURE_GROUP);
      return;
    }
    this.sent++;
    const isClear = random.chance(0.2);
    const body = isClear
      ? Buffer.from(`in clear, ${random.below(MOST_WORDS)}`)
      : loot.pick(SECURE_GROUP, random);
    const type = isClear ? random.below(3) : SECURE_TYPE;
    const service = serviceBit(random.pick(SERVICES));
    const layer = this.role === 'flush' ? flushLayerOf(connection) : null;
    if (layer?.sendRefusal() === 0) {
      const some = layer.members.filter(() => random.chance(0.5));
      const receivers = random.chance(0.2) && some.length > 0 ? some : undefined;
      await layer.send({ service, type, pieces: [body], receivers });
    } else {
      const mailbox = Reflect.get(connection, 'mailbox') as Mailbox;
      const to = random.chance(0.2) ? random.pick(this.members) : SECURE_GROUP;
      await mailbox.send(service, [to], type, [body]);
    }
  }
}
