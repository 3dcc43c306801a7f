/** `connect` with several daemons, or to come back. */
import type { ExtensionOffer } from '../../mailbox/extension.js';
import type { Mailbox } from '../../mailbox/mailbox.js';
import { CompactGroups } from '../compact-groups.js';
import { Connection } from '../connection.js';
import { COMPACT_OFFER } from '../hello.js';
import { Dialler, type DialPlan } from './dialler.js';
import type { Continues } from './machine.js';
import type { ResumeSettings } from './options.js';
import { ResumableSession } from './resumable-session.js';
import { Resumption } from './resumption.js';
import { ReturningParts } from './returning-parts.js';
import type { Place } from './place.js';

interface Given {
  readonly places: readonly Place[];
  /** Null: only the first connect tries all places. */
  readonly resume: ResumeSettings | null;
  readonly plan: Omit<DialPlan, 'offer' | 'continues' | 'refusal'> & {
    /**
     * Why a connection does not count that would continue another one.
     * @param isSame whether the daemon takes its client for the same; null where it does not say
     */
    readonly ownerFault?: (isSame: boolean | null) => Error | null;
  };
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly sendHighWater: number;
}

/** @see connect */
export async function connectToOne(given: Given): Promise<Connection> {
  const { places, resume, plan, signal, timeoutMs, sendHighWater } = given;
  const { giveUpMs = 0, balance = false, discover = false } = resume ?? {};
  const session = resume && new ResumableSession(COMPACT_OFFER.hello, resume, plan.platform.clock);
  const offer = (): ExtensionOffer => session?.offer() ?? COMPACT_OFFER;
  const continues = (mailbox: Mailbox): Continues => session?.continues(mailbox) ?? 'whole';
  const refusal = (mailbox: Mailbox): Error | null =>
    session?.hasBegun === true ? (plan.ownerFault?.(session.isSame(mailbox)) ?? null) : null;
  const dialler = new Dialler(
    places,
    { giveUpMs, balance, discover },
    { ...plan, offer, continues, refusal },
  );
  const dialled = await dialler.first(signal, timeoutMs);
  const { mailbox } = dialled;
  if (signal?.aborted) await mailbox.disconnect();
  signal?.throwIfAborted();
  if (session) {
    const returning = new ReturningParts(new Resumption(dialled, dialler, session, sendHighWater));
    return new Connection(mailbox, CompactGroups, returning);
  }
  dialler.close();
  return new Connection(mailbox, CompactGroups);
}
