/** The view that is in force at one daemon, by itself. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { REPORT_VERSION } from '../../../daemon/core/report.js';
import { type Entry, NO_PAST } from '../../../daemon/engine/views/control.js';
import { InstalledView } from '../../../daemon/engine/views/installed-view.js';
import {
  DATA_HEAD_BYTES,
  FLAG_SAFE,
  Type,
  versionOf,
  writeViewHead,
} from '../../../daemon/engine/views/message.js';
import { viewId, viewOf } from '../../../daemon/engine/views/view.js';

const entries = [1, 2, 3].map((node): Entry => {
  return { node, pid: 100 + node, inc: BigInt(node), name: `d${node}`, attempt: 5, past: NO_PAST };
});
const [first, second, third] = entries as [Entry, Entry, Entry];

/** The view of three as one of them has it since 1000, and what it delivers. */
function installedAt(self: Entry): { installed: InstalledView; said: string[] } {
  const said: string[] = [];
  const view = viewOf(viewId('v'), entries, self, null);
  const installed = new InstalledView(view, entries, self, 1000, ({ sender, index, payload }) =>
    said.push(`${sender.name} ${index} ${payload.toString()}`),
  );
  return { installed, said };
}

const data = (text: string, number: number, ack = 0): Buffer => {
  const message = Buffer.alloc(DATA_HEAD_BYTES + text.length);
  writeViewHead(message, {
    version: versionOf(REPORT_VERSION),
    type: Type.data,
    flags: 0,
    tag: 1n,
    number,
    ack,
  });
  message.write(text, DATA_HEAD_BYTES);
  return message;
};

describe('a view in force', () => {
  describe('names a silent member', () => {
    it('that was last heard before the time, and not one that was heard at it', () => {
      const { installed } = installedAt(first);
      installed.heard(1, 2000, Type.data);
      installed.heard(2, 1500, Type.data);
      expect(installed.silent(1000)).to.equal(null);
      expect(installed.silent(1500)).to.equal(null);
      expect(installed.silent(1501)).to.equal(third);
      installed.heard(2, 2001, Type.data);
      expect(installed.silent(2001)).to.equal(second);
    });

    it('through the first who is not silent, and nobody else', () => {
      const [a, b] = [installedAt(first).installed, installedAt(second).installed];
      for (const each of [a, b]) each.heard(0, 2000, Type.data);
      expect([a.silent(2000), b.silent(2000)]).to.deep.equal([second, null]);
      const [late, other] = [installedAt(second).installed, installedAt(third).installed];
      for (const each of [late, other]) {
        each.heard(1, 2000, Type.data);
        each.heard(2, 2000, Type.data);
      }
      expect([late.silent(2000), other.silent(2000)]).to.deep.equal([first, null]);
    });

    it('but never itself', () => {
      expect(installedAt(first).installed.silent(5000)).to.equal(second);
      expect(installedAt(third).installed.silent(5000)).to.equal(first);
    });

    it('not for the time in which this process stood still', () => {
      const { installed } = installedAt(first);
      installed.heardAll(5000);
      expect(installed.silent(5000)).to.equal(null);
    });
  });

  it('names those that sent no payload since the time, of those that are asked for, and never itself', () => {
    const { installed } = installedAt(first);
    installed.heard(1, 1500, Type.data);
    installed.heard(2, 1500, Type.ack);
    const without = (since: number, names = ['d1', 'd2', 'd3']): string[] =>
      installed.withoutData(names, since).map(({ name }) => name);
    expect([1000, 1001, 1500, 1501].map((since) => without(since))).to.deep.equal([
      [],
      ['d3'],
      ['d3'],
      ['d2', 'd3'],
    ]);
    expect(without(1501, ['d2'])).to.deep.equal(['d2']);
  });

  it('has a first member, until that has moved on', () => {
    const [a, b, c] = entries.map((entry) => installedAt(entry).installed) as [
      InstalledView,
      InstalledView,
      InstalledView,
    ];
    expect([a.isFirst, b.isFirst, c.isFirst]).to.deep.equal([true, false, false]);
    for (const each of [a, b, c]) {
      each.moveOn({ node: 9, pid: 9 });
      each.moveOn(first);
    }
    expect([a.isFirst, b.isFirst, c.isFirst]).to.deep.equal([false, true, false]);
    for (const each of [a, b, c]) each.moveOn(second);
    expect([a.isFirst, b.isFirst, c.isFirst]).to.deep.equal([false, false, true]);
  });

  describe('contradicts', () => {
    const { installed } = installedAt(first);
    const other = viewId('w');

    it('another view for which one of its members stands as it does here', () => {
      expect(installed.contradicts(other, [{ ...second, node: 9 }, third])).to.equal(true);
    });

    it('not itself', () => {
      expect(installed.contradicts(viewId('v'), entries)).to.equal(false);
    });

    it('not a view of others, of another run or of another attempt', () => {
      for (const change of [{ node: 9 }, { pid: 9 }, { inc: 9n }, { attempt: 6 }]) {
        expect(
          installed.contradicts(other, [{ ...second, ...change }]),
          JSON.stringify(Object.keys(change)),
        ).to.equal(false);
      }
      expect(installed.contradicts(other, [])).to.equal(false);
    });
  });

  it('numbers what counts as delivered here alone after what came in the order', () => {
    const { installed, said } = installedAt(first);
    installed.take(1, data('ordered', 1), Type.data, 0);
    installed.deliverAlone(Buffer.from('alone'), false);
    installed.deliverAlone(Buffer.from('too'), true);
    expect(said).to.deep.equal(['d2 1 ordered']);
    installed.releaseAll();
    expect(said.slice(1)).to.deep.equal(['d1 2 alone', 'd1 3 too']);
  });

  it('delivers nothing behind a hole, whatever is acknowledged, until it is over', () => {
    const { installed, said } = installedAt(first);
    installed.take(0, data('safe', 1), Type.data, FLAG_SAFE);
    installed.stop();
    for (const sender of [0, 1, 2]) installed.take(sender, data('', 1, 1), Type.ack, 0);
    expect(installed.stability.stable).to.equal(1);
    expect(said).to.deep.equal([]);
    installed.releaseAll();
    expect(said).to.deep.equal(['d1 1 safe']);
  });
});
