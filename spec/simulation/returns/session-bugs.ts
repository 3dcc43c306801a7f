/**
 * Bugs with sessions that are held, forgotten, taken elsewhere or sent away, and in the views of members beside them, each with the
 * kind of worlds that provokes it.
 */
import type { Buffer } from 'node:buffer';
import type { LocalSession, SessionSink } from '../../../daemon/core/group.js';
import { Returns } from '../../../daemon/core/returns.js';
import type { Roster } from '../../../daemon/core/roster.js';
import { Routing } from '../../../daemon/core/routing.js';
import type { SessionRecords } from '../../../daemon/core/session-records.js';
import { SessionExtension } from '../../../daemon/session/extension.js';
import { Moves } from '../../../daemon/session/moves.js';
import { Parking } from '../../../daemon/session/parking.js';
import type { Session } from '../../../daemon/session/session.js';
import { Resumption } from '../../../lib/client/resume/resumption.js';
import { NAME_AT } from '../../../lib/wire/header.js';
import type { Mailbox } from '../../../lib/mailbox/mailbox.js';
import {
  doubleOwnJoin,
  keepHash,
  keepRunsOpen,
  misplaceRecords,
  stayOutgrown,
  tellThoseWhoLeft,
} from '../bugs/compact.js';
import { replace } from '../bugs/planted.js';
import { forgetAlone, overlookWaitingReturns } from '../bugs/resumption.js';
import type { ReturnsBug } from './hunt.js';
import { profiles } from './profiles.js';

const { restless, held, deserted, rushed, plain, forgetful, safe, rolling, illegal } = profiles;

type Delivered = Parameters<SessionSink['deliver']>;

/** What comes for a session without a connection is queued, and sent to the next one beside the replay. */
const queueForParked = (): (() => void) =>
  replace(Parking, 'keep', (original) => (self, session, reason) => {
    const isKept = original(self, session, reason);
    if (isKept !== true) return isKept;
    const local = session as LocalSession;
    const parked = local.outlet as SessionSink & { end(): void };
    const end = parked.end.bind(parked);
    const queue: Delivered[] = [];
    parked.deliver = (...delivered: Delivered): void => void queue.push(delivered);
    parked.end = (): void => {
      end();
      if (local.outlet === parked) return;
      const next = local.outlet as Session;
      for (const [bytes, start, last, messages] of queue)
        next.queue.deliver(bytes, start, last, messages, false);
    };
    return isKept;
  });

/** A return under the name of before does not raise the attempt. */
const keepAttempt = (): (() => void) =>
  replace(
    Returns,
    'carryOut',
    (original) =>
      function* (self, told, ...rest) {
        const { records } = self as { records: SessionRecords };
        const { sid, name } = told as { readonly sid: bigint; readonly name: string };
        const record = records.of(sid);
        const attempt = record?.name === name ? record.attempt : null;
        yield* original(self, told, ...rest) as Generator<number>;
        if (record && attempt !== null) record.attempt = attempt;
      },
  );

/** A message that discards itself is taken for an own one by the name that its sender has now. */
const discardByNewName = (): (() => void) =>
  replace(Routing, 'route', (original) => (self, bytes, start, ...rest) => {
    const { roster } = self as { roster: Roster };
    const nobody = { lastDeliveryId: 0 };
    const sender = roster.find(bytes as Buffer, (start as number) + NAME_AT) ?? nobody;
    original(self, bytes, start, ...rest.slice(0, 3), sender);
  });

/** A client takes the end for an illegal request for one that a new connection mends. */
const repeatIllegal = (): (() => void) =>
  replace(Resumption, 'lose', (original) => (self) => {
    const { extension } = (self as { mailbox: Mailbox }).mailbox;
    if (extension?.ended?.code === 'illegal') extension.ended = { ...extension.ended, code: 'stopping' };
    original(self);
  });

export const sessionBugs: readonly ReturnsBug[] = [
  { name: 'a session without a connection queues what comes', seed: 1, profile: held, plant: queueForParked },
  {
    name: 'a return elsewhere does not end the session that is held',
    seed: 18,
    profile: deserted,
    plant: () => replace(Returns, 'expelOthers', () => () => undefined),
  },
  {
    name: 'a mark of now comes before what was missed',
    seed: 57,
    profile: deserted,
    plant: () => replace(SessionExtension, 'marks', () => (self) => Reflect.get(self, 'viewMarks')),
  },
  { name: 'a takeover does not raise the attempt', seed: 5, profile: deserted, plant: keepAttempt },
  {
    name: 'own messages are known by the new name only',
    seed: 6,
    profile: deserted,
    plant: discardByNewName,
  },
  { name: 'a daemon forgets by its own clock', seed: 30, profile: forgetful, plant: forgetAlone },
  {
    name: 'one past is taken to mean that no return waits elsewhere',
    seed: 29,
    profile: safe,
    plant: overlookWaitingReturns,
  },
  {
    name: 'a drain ends before the clients have gone',
    seed: 1,
    profile: rolling,
    plant: () => replace(Moves, 'drain', (original) => (self) => original(self, 0)),
  },
  { name: 'an illegal request is sent again for ever', seed: 1, profile: illegal, plant: repeatIllegal },
  { name: 'a record has another place than the member', seed: 1, profile: restless, plant: misplaceRecords },
  { name: 'one who joins gets the own join twice', seed: 1, profile: restless, plant: doubleOwnJoin },
  {
    name: 'one who leaves gets records behind the self-leave',
    seed: 1,
    profile: rushed,
    plant: tellThoseWhoLeft,
  },
  { name: 'a run is not closed before data', seed: 1, profile: restless, plant: keepRunsOpen },
  { name: 'the hash is not taken back when one leaves', seed: 1, profile: restless, plant: keepHash },
  {
    name: 'members with whole views stay in a group that has outgrown those',
    seed: 6,
    profile: plain,
    plant: stayOutgrown,
  },
];
