/** A client that does everything clients do, by chance, and comes back whenever its connection is gone. */
import { setTimeout as pause } from 'node:timers/promises';
import { Mailbox } from '../../../../lib/mailbox/mailbox.js';
import {
  AGREED_MESS,
  CAUSAL_MESS,
  FIFO_MESS,
  RELIABLE_MESS,
  SAFE_MESS,
  SELF_DISCARD,
  UNRELIABLE_MESS,
} from '../../../../lib/wire/service.js';
import type { Random } from '../../random.js';
import type { ClusterNode } from '../node.js';
import { LoadSession } from './session.js';

const SERVICES = [UNRELIABLE_MESS, RELIABLE_MESS, FIFO_MESS, CAUSAL_MESS, AGREED_MESS, SAFE_MESS];
export const GROUPS = ['alpha', 'beta', 'gamma'] as const;

const CONNECT_MS = 3_000;
const RETRY_MS = 50;
/** Longest pause between two deeds. */
const IDLE_MS = 80;
const SMALL_BYTES = 300;
const LARGE_BYTES = 60_000;

export class LoadClient {
  readonly sessions: LoadSession[] = [];
  private isOver = false;
  private readonly loop: Promise<void>;

  constructor(
    private readonly node: ClusterNode,
    private readonly name: string,
    private readonly membership: boolean,
    private readonly random: Random,
  ) {
    this.loop = this.run();
  }

  /** The open session. */
  get session(): LoadSession | null {
    const last = this.sessions.at(-1);
    return last?.isOpen ? last : null;
  }

  /** Stops doing things. The session stays and goes on receiving. */
  async rest(): Promise<void> {
    this.isOver = true;
    await this.loop;
  }

  end(): void {
    this.session?.kill();
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const { session } = this;
      if (!session) await this.connect();
      else await this.deed(session);
      await pause(session ? this.random.below(IDLE_MS) : RETRY_MS);
    }
  }

  private async connect(): Promise<void> {
    const mailbox = await Mailbox.open({
      spreadName: this.node.address,
      name: this.name,
      membership: this.membership,
      timeout: CONNECT_MS,
    });
    if (typeof mailbox === 'number') return;
    const session = new LoadSession(mailbox, this.sessions.length + 1);
    this.sessions.push(session);
    session.join(this.random.pick(GROUPS));
  }

  private async deed(session: LoadSession): Promise<void> {
    const { random } = this;
    const chance = random.next();
    if (chance < 0.06) session.join(random.pick(GROUPS));
    else if (chance < 0.1) {
      if (session.groups.size > 0) session.leave(random.pick([...session.groups]));
    } else if (chance < 0.1015) await session.disconnect();
    else if (chance < 0.103) session.kill();
    else await session.send(this.service(), this.targets(session), this.size());
  }

  private service(): number {
    const service = this.random.pick(SERVICES);
    return this.random.chance(0.1) ? service | SELF_DISCARD : service;
  }

  /** Mostly a group it is in; else any group, two groups, or one of the private groups it knows. */
  private targets(session: LoadSession): string[] {
    const { random } = this;
    const own = [...session.groups];
    if (own.length > 0 && random.chance(0.7)) return [random.pick(own)];
    if (random.chance(0.2)) return [session.log.privateGroup];
    return random.chance(0.5) ? [random.pick(GROUPS)] : GROUPS.slice(random.below(2));
  }

  private size(): number {
    return this.random.below(this.random.chance(0.03) ? LARGE_BYTES : SMALL_BYTES);
  }
}
