/** What the checkers of view synchrony on real nodes know of plain views, in every form in which a daemon sends them. */
import type { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { groupIdText } from '../../lib/wire/group-id.js';
import { COMPACT, HELLO_BYTES, listFrame, views } from '../client/compact-frames.js';
import { A, change, REQUEST_BYTES } from '../client/frames.js';
import { ClientFixture, within } from '../client/support.js';
import type { FakeDaemonScript } from '../support/fake-daemon.js';
import { watchPlainViews } from '../support/cluster/load/plain-views.js';

const [B, C] = ['#b#d1', '#c#d2'] as const;
const [FIRST, SECOND, THIRD] = ['7.100.1', '7.100.2', '7.100.3'] as const;

interface Form {
  readonly script?: FakeDaemonScript;
  /** Bytes before the request to join. */
  readonly before: number;
  /** Of three views: alone, with B, with B and C. */
  readonly frames: readonly Buffer[];
}

const forms: Readonly<Record<string, Form>> = {
  whole: {
    before: 0,
    frames: [
      change('join', A, [A]),
      change('join', B, [A, B], { id: [7, 100, 2] }),
      change('join', C, [A, B, C], { id: [7, 100, 3] }),
    ],
  },
  'as changes of a list': {
    script: COMPACT,
    before: HELLO_BYTES,
    frames: [
      listFrame([A]),
      views(
        [
          { index: 1, name: B },
          { index: 2, name: C },
        ],
        [A, B, C],
      ),
    ],
  },
};

describe('plain views below a view-synchronous group', () => {
  for (const [form, { script, before, frames }] of Object.entries(forms)) {
    it(`are seen when they come ${form}`, async () => {
      await using stage = await ClientFixture.open(script);
      const { connection, session } = stage;
      const seen: string[] = [];
      const all = new Promise<void>((resolve) => {
        watchPlainViews(connection, ({ group, id, members }) => {
          seen.push(`${group} ${groupIdText(id)} ${members.join(' ')}`);
          if (seen.length === 3) resolve();
        });
      });
      // No member answers, so that no view is installed.
      connection.join('g', { viewSynchrony: true }).catch(() => undefined);
      await session.bytesFrom(before + REQUEST_BYTES);
      await session.send(...frames);
      await within(all, 'three views');
      expect(seen).to.deep.equal([`g ${FIRST} ${A}`, `g ${SECOND} ${A} ${B}`, `g ${THIRD} ${A} ${B} ${C}`]);
    });
  }
});
