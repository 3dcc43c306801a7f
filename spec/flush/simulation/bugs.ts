/**
 * Bugs that are planted in members. Most replace a method of a machine, or of what it is made of, by name. Where all
 * members have a bug it may be consistent; where half of them have it, it cannot.
 */
import type { Change } from '../../../lib/flush/core/change.js';
import type { GroupMachine } from '../../../lib/flush/core/machine.js';
import type { PlainView } from '../../../lib/flush/core/port.js';
import type { ChangeQueue } from '../../../lib/flush/core/queue.js';
import { type GroupId, groupIdText } from '../../../lib/wire/group-id.js';
import { GROUP } from './session.js';
import type { Bug } from './layers.js';
import type { WorldOptions } from './world.js';

type Machine = GroupMachine<void>;
type Method<Args extends readonly unknown[], Result> = (...args: Args) => Result;

/** Puts another method in the place of one of this object, private ones included. */
function patch<Args extends readonly unknown[], Result>(
  target: object,
  method: string,
  make: (original: Method<Args, Result>) => Method<Args, Result>,
): void {
  const original: unknown = Reflect.get(target, method);
  if (typeof original !== 'function') throw new Error(`expected a method ${method} to plant a bug in`);
  const bound = original.bind(target) as Method<Args, Result>;
  Object.defineProperty(target, method, { value: make(bound), configurable: true });
}

const queueOf = (machine: Machine): ChangeQueue => Reflect.get(machine, 'queue') as ChangeQueue;

const changesOf = (machine: Machine): Change[] => Reflect.get(queueOf(machine), 'changes') as Change[];

const isLeaving = (machine: Machine): boolean => machine.member === 'leaving';

/** Plants something in every change. */
function patchChanges(machine: Machine, plant: (change: Change) => void): void {
  const queue = queueOf(machine);
  patch<[PlainView, readonly string[]], void>(queue, 'add', (add) => (view, leavers) => {
    add(view, leavers);
    const change = queue.find(view.id);
    if (change) plant(change);
  });
}

const deliver = (machine: Machine, event: unknown): void => {
  const { sink } = machine as unknown as { readonly sink: { deliver(event: unknown): void } };
  sink.deliver(event);
};

/** A bug, and the worlds that provoke it. */
export interface PlantedBug extends Bug {
  readonly worlds: WorldOptions;
  /** The first seed to try: one that shows it is near. */
  readonly from?: number;
}

const honest: WorldOptions = { cLibrary: 'none', hostile: 'none', canOvertake: false };
const strangers: WorldOptions = { ...honest, hostile: 'strangers' };
const insiders: WorldOptions = { ...honest, hostile: 'insiders' };
const torn: WorldOptions = { ...honest, isTorn: true };
const overtaking: WorldOptions = { ...honest, canOvertake: true };

export const bugs: readonly PlantedBug[] = [
  {
    name: 'a FLUSH_OK counts each time it comes',
    from: 110,
    worlds: insiders,
    plant(machine) {
      const counts = new Map<string, number>();
      patch<[Change, string], boolean>(machine, 'countFlushed', (count) => (change, sender) => {
        count(change, sender);
        const key = groupIdText(change.id);
        if (change.holds(sender)) counts.set(key, (counts.get(key) ?? 0) + 1);
        return change.holds(sender);
      });
      patch<[Change], boolean>(
        machine,
        'isAgreed',
        () => (change) => (counts.get(groupIdText(change.id)) ?? 0) >= change.members.length,
      );
    },
  },
  {
    name: 'a FLUSH_OK of a session that is not a member counts',
    worlds: strangers,
    plant(machine) {
      patch<[Change, string], boolean>(machine, 'countFlushed', () => (change, sender) => {
        change.flushed.add(sender);
        return true;
      });
      patch<[Change], boolean>(
        machine,
        'isAgreed',
        () => (change) => change.flushed.size >= change.members.length,
      );
    },
  },
  {
    name: 'a view is installed at the last FLUSH_OK of the others',
    worlds: honest,
    plant(machine) {
      patch<[GroupId, string], unknown>(machine, 'flushOk', (flushOk) => (id, sender) => {
        const reason = flushOk(id, sender);
        const { head } = queueOf(machine);
        const isMissingOnlyMe = head?.missing().join() === machine.self;
        if (head && isMissingOnlyMe && machine.state === 'authorize')
          (Reflect.get(machine, 'install') as Method<[Change], void>).call(machine, head);
        return reason;
      });
    },
  },
  {
    name: 'changes do not collapse',
    worlds: honest,
    plant: (machine) =>
      patch<[readonly string[]], boolean>(queueOf(machine), 'collapse', () => (leavers) => {
        for (const change of changesOf(machine)) change.strike(leavers);
        return false;
      }),
  },
  {
    name: 'changes whose leaver has flushed collapse, too',
    from: 40,
    worlds: honest,
    plant: (machine) =>
      patchChanges(machine, (change) =>
        patch<[string], boolean>(change, 'isBrokenBy', () => (leaver) => change.holds(leaver)),
      ),
  },
  {
    name: 'a change that stands for several keeps its cause',
    worlds: honest,
    plant(machine) {
      patch<[readonly string[]], boolean>(queueOf(machine), 'collapse', (collapse) => (leavers) => {
        collapse(leavers);
        return false;
      });
      patchChanges(machine, (change) => patch<[], void>(change, 'absorb', () => () => undefined));
    },
  },
  {
    name: 'the vs set is that of the plain view',
    worlds: honest,
    plant(machine) {
      const sets = new Map<string, readonly string[]>();
      let next: readonly string[] | undefined;
      patch<[PlainView], void>(machine, 'plainView', (plainView) => (view) => {
        if (view.cause === 'network') sets.set(groupIdText(view.id), view.vsSet);
        plainView(view);
      });
      patch<[Change], void>(machine, 'install', (install) => (head) => {
        next = head.cause === 'network' ? sets.get(groupIdText(head.id)) : undefined;
        install(head);
      });
      patch<[Change], readonly string[]>(
        machine,
        'cameAlong',
        (cameAlong) => (previous) => next ?? cameAlong(previous),
      );
    },
  },
  {
    name: 'members that went stay present',
    worlds: honest,
    plant: (machine) =>
      patchChanges(machine, (change) =>
        patch<[readonly string[]], void>(change, 'strike', () => () => undefined),
      ),
  },
  {
    name: 'a new head is not answered while agreeing',
    worlds: honest,
    plant: (machine) =>
      patch<[Change], void>(machine, 'newHead', (newHead) => (head) => {
        if (machine.state !== 'agree' || machine.member === 'joining') newHead(head);
      }),
  },
  {
    name: 'the application is asked again for a new head',
    worlds: honest,
    plant: (machine) =>
      patch<[Change], void>(machine, 'newHead', (newHead) => (head) => {
        const wasAsked = machine.state === 'authorize';
        newHead(head);
        if (wasAsked) deliver(machine, { kind: 'flush-request', group: GROUP });
      }),
  },
  {
    name: 'vulnerable data carries the view that comes',
    worlds: overtaking,
    plant: (machine) =>
      patch<[unknown], unknown>(machine, 'send', (send) => (message) => {
        const current: unknown = Reflect.get(machine, 'current');
        Reflect.set(machine, 'current', queueOf(machine).head ?? current);
        const sent = send(message);
        Reflect.set(machine, 'current', current);
        return sent;
      }),
  },
  {
    name: 'data of a dropped change stays for the next one',
    worlds: insiders,
    plant: (machine) =>
      patch<[PlainView, readonly string[]], void>(queueOf(machine), 'add', (add) => (view, leavers) => {
        const before = changesOf(machine);
        add(view, leavers);
        const [head] = changesOf(machine);
        for (const change of before.filter((each) => !changesOf(machine).includes(each)))
          for (const data of change.takePostponed()) head?.postpone(data);
      }),
  },
  {
    name: 'data of a change waits only after the own flush',
    from: 1950,
    worlds: insiders,
    plant: (machine) =>
      patch<[string, GroupId | null], string>(machine, 'placement', (placement) => (sender, view) => {
        const place = placement(sender, view);
        return place === 'postpone' && machine.state !== 'agree' ? placement(sender, null) : place;
      }),
  },
  {
    name: 'data of the coming view is delivered before it',
    worlds: overtaking,
    plant: (machine) =>
      patch<[Change, Change], void>(machine, 'showView', (showView) => (head, previous) => {
        for (const data of head.takePostponed()) deliver(machine, data);
        showView(head, previous);
      }),
  },
  {
    name: 'data of those who join is delivered early',
    worlds: insiders,
    plant: (machine) =>
      patch<[string, GroupId | null], string>(
        machine,
        'placement',
        (placement) => (sender, view) =>
          view === null && queueOf(machine).head?.present.has(sender) ? 'deliver' : placement(sender, view),
      ),
  },
  {
    name: 'sends go out between the flush and the view',
    worlds: honest,
    plant: (machine) =>
      patch<[], number>(
        machine,
        'sendRefusal',
        (refusal) => () => (machine.member === 'joined' ? 0 : refusal()),
      ),
  },
  {
    name: 'messages that wait for the view go out before it',
    worlds: honest,
    plantInMember: (member) => void (member.releasesEarly = true),
  },
  {
    name: 'a transitional signal is swallowed outside of changes',
    worlds: honest,
    plant: (machine) =>
      patch<[], void>(machine, 'plainTransition', (plainTransition) => () => {
        if (queueOf(machine).head) plainTransition();
        else Reflect.set(machine, 'isTransitionShown', true);
      }),
  },
  {
    name: 'a transitional signal is not repeated in the next view',
    from: 380,
    worlds: torn,
    plant: (machine) => patch<[Change], boolean>(machine, 'mayReachOnlySome', () => (view) => view.hasLost),
  },
  {
    name: 'a transitional signal counts for the newest change alone',
    from: 1940,
    worlds: torn,
    plant: (machine) =>
      patch<[], void>(queueOf(machine), 'breakAll', () => () => {
        const last = changesOf(machine).at(-1);
        if (last) last.isInTransition = true;
      }),
  },
  {
    name: 'one that leaves still answers',
    worlds: honest,
    plant: (machine) =>
      patch<[PlainView], void>(machine, 'plainView', (plainView) => (view) => {
        const wasLeaving = isLeaving(machine);
        if (wasLeaving) Reflect.set(machine, 'memberState', 'joined');
        plainView(view);
        if (wasLeaving) Reflect.set(machine, 'memberState', 'leaving');
      }),
  },
  {
    name: 'one that leaves delivers what is sent in the view after its last one',
    worlds: honest,
    plant: (machine) =>
      patch<[Change], void>(machine, 'agreed', (agreed) => (head) => {
        if (!isLeaving(machine)) agreed(head);
      }),
  },
  { name: 'the record of a group stays after it was left', worlds: honest, keepsRecord: true },
  {
    name: 'weak data carries its view only while a change waits',
    worlds: overtaking,
    plant: (machine) =>
      patch<[number], boolean>(
        machine,
        'isVulnerable',
        (isVulnerable) => (service) => machine.state === 'authorize' && isVulnerable(service),
      ),
  },
  {
    name: 'a view is taken as installed everywhere at once',
    from: 100,
    worlds: overtaking,
    plant: (machine) =>
      patch<[Change], void>(machine, 'install', (install) => (head) => {
        install(head);
        if (machine.state === 'verify') Reflect.set(machine, 'viewState', 'steady');
      }),
  },
];

/** One that changes nothing that members could see: the vectors show it. */
export const silentBugs: readonly Bug[] = [
  {
    name: 'FLUSH_RECV goes out although a change waits',
    plant: (machine) =>
      patch<[Change], void>(machine, 'install', (install) => (head) => {
        install(head);
        const say = Reflect.get(machine, 'sayInstalled') as Method<[Change], void>;
        if (queueOf(machine).head) say.call(machine, head);
      }),
  },
];
