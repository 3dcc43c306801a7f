/** What a view machine sends, by itself: control messages, payloads and acknowledgements over a scripted transport. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { REPORT_VERSION } from '../../../daemon/core/report.js';
import type { Multicast } from '../../../daemon/engine/views/ordered-transport.js';
import { type Entry, NO_PAST } from '../../../daemon/engine/views/control.js';
import { InstalledView } from '../../../daemon/engine/views/installed-view.js';
import { checkedOptions, type ViewsOptions } from '../../../daemon/engine/views/ports.js';
import {
  DATA_HEAD_BYTES,
  readAck,
  readNumber,
  Type,
  versionOf,
  writeViewHead,
} from '../../../daemon/engine/views/message.js';
import { SendWindow } from '../../../daemon/engine/views/send-window.js';
import { viewId, viewOf } from '../../../daemon/engine/views/view.js';

const entries = [1, 2].map((node): Entry => {
  return { node, pid: 100 + node, inc: BigInt(node), name: `d${node}`, attempt: 1, past: NO_PAST };
});
const [self] = entries as [Entry];

const version = versionOf(REPORT_VERSION);

class Scripted {
  /** `ack number.acknowledged`, `data text`, `control text`. */
  sent: string[] = [];
  answer: Multicast = 'ok';
  readonly sending: SendWindow;
  readonly installed: InstalledView;
  private others = 0;

  constructor(options: Partial<ViewsOptions> = {}) {
    this.sending = new SendWindow(checkedOptions(options), version, (head, body) => {
      this.sent.push(this.tell(head, body));
      return this.answer;
    });
    const view = viewOf(viewId('v'), entries, self, null);
    this.installed = new InstalledView(view, entries, self, 0, () => undefined);
  }

  /** In the view since 0, with the exchange behind it. */
  begin(): this {
    this.sending.begin(this.installed, 0);
    this.sending.exchangeDone();
    return this;
  }

  add(text: string, exchange = false): boolean {
    return this.sending.add(Buffer.from(text), { exchange });
  }

  /** A payload of the other one is delivered here. */
  heard(bytes: number): void {
    const message = Buffer.alloc(DATA_HEAD_BYTES + bytes);
    const number = ++this.others;
    writeViewHead(message, { version, type: Type.data, flags: 0, tag: 1n, number, ack: 0 });
    this.sending.delivered(bytes, false);
    this.installed.take(1, message, Type.data, 0);
  }

  take(): string[] {
    const { sent } = this;
    this.sent = [];
    return sent;
  }

  private tell(head: Buffer, body: Buffer | null): string {
    if (body) return `data ${body.toString()}`;
    return head[6] === Type.ack ? `ack ${readNumber(head)}.${readAck(head)}` : `control ${head.toString()}`;
  }
}

describe('what a view machine sends', () => {
  describe('control messages', () => {
    it('go out before everything, in their order, each once however often it is queued', () => {
      const { sending, ...scripted } = new Scripted();
      expect(sending.hasControl).to.equal(false);
      const [one, two] = [Buffer.from('one'), Buffer.from('two')];
      for (const message of [one, two, one, two]) sending.queue(message);
      expect(sending.hasControl).to.equal(true);
      expect(sending.pump(0)).to.equal(false);
      expect(scripted.sent).to.deep.equal(['control one', 'control two']);
      expect(sending.hasControl).to.equal(false);
    });

    it('wait a millisecond when the transport asks for patience, and payloads with them', () => {
      const scripted = new Scripted().begin();
      scripted.answer = 'again';
      scripted.sending.queue(Buffer.from('one'));
      scripted.add('x');
      expect([scripted.sending.pump(10), scripted.sending.pump(10), scripted.sending.dueAt]).to.deep.equal([
        false,
        false,
        11,
      ]);
      expect(scripted.take()).to.deep.equal(['control one']);
      scripted.answer = 'ok';
      expect(scripted.sending.pump(10)).to.equal(false);
      expect(scripted.sending.pump(11)).to.equal(true);
      expect(scripted.take()).to.deep.equal(['control one', 'data x']);
      expect(scripted.sending.tryAgain).to.equal(1);
    });
  });

  describe('payloads', () => {
    it('are none before a view, and none but the exchange before that is over', () => {
      const scripted = new Scripted();
      scripted.add('x');
      scripted.add('table', true);
      expect([scripted.sending.pump(0), scripted.take()]).to.deep.equal([false, []]);
      scripted.sending.begin(scripted.installed, 0);
      expect([scripted.sending.pump(0), scripted.take()]).to.deep.equal([true, ['data table']]);
      scripted.sending.exchangeDone();
      expect([scripted.sending.pump(0), scripted.take()]).to.deep.equal([true, ['data x']]);
    });

    it('of the exchange are not lost by a cut before there was a view', () => {
      const scripted = new Scripted();
      scripted.add('table', true);
      expect(scripted.sending.end()).to.equal(0);
      scripted.sending.begin(scripted.installed, 0);
      scripted.sending.pump(0);
      expect(scripted.take()).to.deep.equal(['data table']);
    });

    it('stop at the bytes that a member has not acknowledged', () => {
      const scripted = new Scripted({ maxUnstableBytes: 30 }).begin();
      scripted.heard(29);
      scripted.add('a');
      expect(scripted.sending.pump(0)).to.equal(true);
      scripted.heard(1);
      scripted.add('b');
      expect(scripted.sending.pump(0)).to.equal(false);
    });

    it('are not taken for come back when those of another one are delivered', () => {
      const scripted = new Scripted().begin();
      scripted.add('abc');
      scripted.sending.pump(0);
      scripted.heard(3);
      expect(scripted.sending.outgoing.inFlightBytes).to.equal(3);
      scripted.sending.delivered(3, true);
      expect(scripted.sending.outgoing.inFlightBytes).to.equal(0);
    });
  });

  describe('acknowledgements', () => {
    it('ride on a payload of the same turn', () => {
      const scripted = new Scripted().begin();
      scripted.heard(1);
      scripted.add('x');
      scripted.sending.flush(0);
      scripted.sending.flush(0);
      expect(scripted.take()).to.deep.equal(['data x']);
    });

    it('go alone 50 ms after the first message that was not acknowledged, not after the last', () => {
      const scripted = new Scripted().begin();
      for (const now of [0, 20, 49]) {
        scripted.heard(1);
        scripted.sending.flush(now);
      }
      expect([scripted.take(), scripted.sending.dueAt]).to.deep.equal([[], 50]);
      scripted.sending.flush(50);
      expect([scripted.take(), scripted.sending.dueAt]).to.deep.equal([['ack 0.3'], 550]);
    });

    it('go alone at once after a number of bytes, counted from the last one', () => {
      const scripted = new Scripted({ ackBytes: 100 }).begin();
      for (let i = 0; i < 2; i++) {
        scripted.heard(99);
        scripted.sending.flush(0);
        expect(scripted.take()).to.deep.equal([]);
        scripted.heard(1);
        scripted.sending.flush(0);
        expect(scripted.take()).to.have.length(1);
      }
    });

    it('are repeated as a sign of life, at the heartbeat and not before', () => {
      const scripted = new Scripted().begin();
      expect(scripted.sending.dueAt).to.equal(500);
      scripted.sending.tick(499);
      expect(scripted.take()).to.deep.equal([]);
      scripted.sending.tick(500);
      expect([scripted.take(), scripted.sending.dueAt]).to.deep.equal([['ack 0.0'], 1000]);
    });

    it('are tried again after a millisecond when the transport asks for patience', () => {
      const scripted = new Scripted().begin();
      scripted.answer = 'again';
      scripted.sending.tick(500);
      expect(scripted.sending.dueAt).to.equal(501);
      scripted.take();
      scripted.answer = 'ok';
      scripted.sending.tick(501);
      expect([scripted.take(), scripted.sending.dueAt]).to.deep.equal([['ack 0.0'], 501]);
      scripted.sending.flush(501);
      expect(scripted.sending.dueAt).to.equal(1001);
    });
  });

  it('is due at nothing when the view is over', () => {
    const scripted = new Scripted().begin();
    scripted.heard(1);
    scripted.sending.flush(0);
    scripted.sending.end();
    expect(scripted.sending.dueAt).to.equal(Infinity);
  });
});
