/** Bugs in positions, ring and replay that are planted in the worlds of the rules and in those of the client library. */
import { DeliveryHistory } from '../../../daemon/core/history.js';
import { Replay } from '../../../daemon/core/replay.js';
import { Ring } from '../../../daemon/core/ring.js';
import { StreamPosition } from '../../../lib/client/resume/position.js';
import { replace } from './planted.js';

/** What takes a bug out again. */
type Remove = () => void;

const nothing = (): undefined => undefined;

/** One bug of several. */
export const all =
  (...planted: readonly Remove[]): Remove =>
  () => {
    for (const remove of planted) remove();
  };

/** The hash of the history says nothing. */
export const noHash = (): Remove =>
  all(
    replace(DeliveryHistory, 'hash', () => () => 1n),
    replace(DeliveryHistory, 'high', () => () => 0),
    replace(DeliveryHistory, 'low', () => () => 1),
  );

/** An index counts in every view. */
export const anyView = (): Remove =>
  all(
    noHash(),
    replace(Ring, 'views', (original) => (self) => {
      const views = original(self) as readonly object[];
      const last = views[views.length - 1];
      return new Proxy(views, {
        get: (target, key) => (key === 'find' ? () => last : Reflect.get(target, key)),
      });
    }),
  );

/** A frame counts as one event, however many records it has. */
export const countFrames = (): Remove =>
  replace(StreamPosition, 'views', (original) => (self, group) => void original(self, group, 1));

/** A signal counts as an event. */
export const countSignals = (): Remove =>
  replace(StreamPosition, 'signal', (original) => (self, group) => {
    original(self, group);
    (self as unknown as { events: number }).events++;
  });

/** A signal comes again that the client has. */
export const repeatSignals = (): Remove =>
  replace(Replay, 'signal', (original) => (self, group, ...rest) => {
    (self as unknown as { hasSignal: Set<unknown> }).hasSignal.delete(group);
    original(self, group, ...rest);
  });

/** The own join in the ring is overlooked. */
export const overlookJoins = (): Remove => replace(Replay, 'join', () => nothing);

/** A session is live before everything is read. */
export const goLiveEarly = (): Remove =>
  replace(Replay, 'read', (original) => (self, now) => {
    original(self, now, 2);
    const replay = self as unknown as { state: string; goLive(): void };
    if (replay.state === 'reading') replay.goLive();
    return replay.state;
  });

/** What the ring has evicted is skipped without a gap. */
export const skipEvicted = (): Remove =>
  replace(Replay, 'lose', (original) => (self, reason) => {
    const { sink } = self as unknown as { sink: { gap: unknown } };
    const { gap } = sink;
    if (reason === 'overrun') sink.gap = nothing;
    original(self, reason);
    sink.gap = gap;
  });

/** The groups of now count, and not those of the mark. */
export const groupsOfNow = (): Remove =>
  replace(
    StreamPosition,
    'had',
    () => (self, group) => (self as unknown as { joined: Map<unknown, number> }).joined.has(group),
  );

/** A replay brings repeats that were dropped. */
export const keepRepeats = (): Remove => replace(Ring, 'drop', () => nothing);

/** Observers of a group that has vanished get nothing. */
export const hideVanished = (): Remove =>
  replace(Ring, 'change', (original) => (self, change) => {
    const { kind, view } = change as { kind: string; view?: { members: number } };
    if (kind !== 'network' || view?.members !== 0) original(self, change);
  });
