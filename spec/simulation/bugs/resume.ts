/** Bugs in connections that come back. */
import { Group } from '../../../lib/client/group.js';
import { ReturningMemberships } from '../../../lib/client/resume/returning-memberships.js';
import { KeptOutbox } from '../../../lib/client/resume/kept-outbox.js';
import { ResumeMachine } from '../../../lib/client/resume/machine.js';
import { replace } from './planted.js';

interface ResumeBug {
  readonly name: string;
  /** A world that shows it, where those before it do not: see `huntFrom`. */
  readonly seed?: number;
  /** Whether it is one at daemons that number requests. */
  readonly isNumbered?: boolean;
  /** Plants it. @returns what takes it out */
  plant(): () => void;
}

interface Outbox {
  written: { readonly control: unknown } | null;
  readonly waiting: { putBack(batches: readonly unknown[]): void; clear(): void };
  sender: string;
}

interface NumberedOutbox {
  expected: number;
  readonly waiting: { peek(): { readonly first: number } | undefined };
  readonly unacknowledged: { clear(): void };
}

export const resumeBugs: readonly ResumeBug[] = [
  {
    name: 'no gap before the first view after a loss',
    plant: () => replace(ReturningMemberships, 'gapBefore', () => () => null),
  },
  {
    name: 'a gap that stays for the next views',
    plant: () =>
      replace(ReturningMemberships, 'gapBefore', () => (self, name) => {
        const { all } = self as { readonly all: Map<unknown, { readonly continuity?: { gap: unknown } }> };
        return all.get(name)?.continuity?.gap ?? null;
      }),
  },
  {
    name: 'groups are not joined again',
    plant: () => replace(ReturningMemberships, 'returned', () => () => []),
  },
  {
    name: 'a member while the connection is lost',
    plant: () => replace(Group, 'lost', () => () => undefined),
  },
  {
    name: 'what was being written at a loss is sent again',
    seed: 13,
    plant: () =>
      replace(KeptOutbox, 'detach', (original) => (self) => {
        const outbox = self as Outbox;
        const { written } = outbox;
        original(self);
        if (written?.control === null) outbox.waiting.putBack([written]);
      }),
  },
  {
    name: 'what was sent while the connection was lost is dropped',
    plant: () =>
      replace(KeptOutbox, 'begin', (original) => (self, ...args) => {
        (self as Outbox).waiting.clear();
        (self as { gathering: unknown }).gathering = null;
        return original(self, ...args);
      }),
  },
  {
    name: 'what is kept has the old name',
    plant: () =>
      replace(KeptOutbox, 'begin', (original) => (self, transport, sender, ...rest) => {
        (self as Outbox).sender = sender as string;
        return original(self, transport, sender, ...rest);
      }),
  },
  {
    name: 'one pass over the addresses and no more',
    plant: () =>
      replace(ResumeMachine, 'passOver', () => (self) => {
        (self as { nextAt: number }).nextAt = Infinity;
      }),
  },
  {
    name: 'repeats without the number of the first one',
    seed: 8,
    isNumbered: true,
    plant: () =>
      replace(KeptOutbox, 'writeNext', (original) => (self) => {
        const outbox = self as NumberedOutbox;
        outbox.expected = outbox.waiting.peek()?.first ?? outbox.expected;
        return original(self);
      }),
  },
  {
    name: 'what is not acknowledged is not sent again',
    isNumbered: true,
    plant: () =>
      replace(KeptOutbox, 'resume', (original) => (self, ...args) => {
        (self as NumberedOutbox).unacknowledged.clear();
        return original(self, ...args);
      }),
  },
  {
    name: 'taken as acknowledged when it is written',
    isNumbered: true,
    plant: () =>
      replace(KeptOutbox, 'done', (original) => (self, batch, ...args) => {
        const done = original(self, batch, ...args);
        (self as KeptOutbox).acknowledge((batch as { readonly last: number }).last);
        return done;
      }),
  },
  {
    name: 'a leave that was not answered is not sent again',
    isNumbered: true,
    plant: () =>
      replace(
        KeptOutbox,
        'isKept',
        (original) => (self, batch, isSame) =>
          original(self, batch, (batch as { readonly isLeave: boolean }).isLeave ? false : isSame),
      ),
  },
];
