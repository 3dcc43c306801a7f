/** In a schedule, somebody who is a member of the group and lies, and somebody who is not a member. */
import { Buffer } from 'node:buffer';
import { decode } from '../../../lib/recipes/core/replicated/messages.js';
import type { Random } from '../../support/random.js';
import { type Lie, memberLie, Overheard, Silent, strangerLie } from '../liars.js';
import type { GroupClient } from '../../support/group-network/daemon.js';
import type { Daemon } from './replica-client.js';

/** What comes to the liar. It is a client beside the one that its daemon has, and moves with the daemon. */
class Listener extends Silent implements GroupClient {
  isJoined = true;

  constructor(readonly id: string) {
    super(new Overheard(), id);
  }
}

export class Guests {
  private readonly liar: Listener;
  private readonly stranger: string;

  constructor(
    private readonly daemon: Daemon,
    private readonly hasQuorum: boolean,
  ) {
    this.liar = new Listener(`#z-liar#d${daemon.index}`);
    this.stranger = `#z-stranger#d${daemon.index}`;
    daemon.listener = this.liar;
    daemon.outbox.push({ kind: 'join', sender: this.liar.id, daemon: daemon.index, client: this.liar });
  }

  /** One of them says something. */
  act(random: Random, now: number): void {
    const { heard } = this.liar;
    const scene = { group: 'schedule', heard, random, now, hasQuorum: this.hasQuorum };
    const isStranger = random.chance(0.5);
    const lie = isStranger ? strangerLie(scene) : memberLie(scene);
    // Every command of a member is one that this machine obeys.
    if (lie && (isStranger || !isObeyed(lie)))
      this.say(isStranger ? this.stranger : this.liar.id, lie, random);
  }

  private say(sender: string, { body, to, more = [] }: Lie, random: Random): void {
    const isSafe = !random.chance(0.5);
    for (const each of [body, ...more])
      this.daemon.outbox.push({
        kind: 'data',
        sender,
        daemon: this.daemon.index,
        body: Buffer.from(each),
        isSafe,
        to: to === null ? null : [to],
      });
  }
}

function isObeyed({ body, to }: Lie): boolean {
  if (to !== null) return false;
  const message = decode(body);
  return message?.kind === 'command' && message.sequence === 1;
}
