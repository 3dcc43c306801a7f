/** Many connections of one process that count the changes and messages they get. */
import { encodeRequest } from '../../../lib/wire/request.js';
import { JOIN_MESS, LEAVE_MESS } from '../../../lib/wire/service.js';
import { groupName } from './chunks.js';
import { ChangeCounter } from './change-counter.js';
import { type Line, open, openMany } from './line.js';

export class Crowd {
  private frames = 0;
  private expected = Infinity;
  private done: () => void = () => undefined;

  private constructor(
    private readonly lines: readonly Line[],
    private readonly listening: number,
  ) {
    for (const { socket } of lines) {
      const counter = new ChangeCounter();
      socket.on('data', (chunk: Buffer) => {
        const before = counter.changes;
        counter.push(chunk);
        this.frames += counter.changes - before;
        if (this.frames >= this.expected) this.done();
      });
      socket.resume();
    }
  }

  /** @param listening how many of them ask for membership messages */
  static async open(port: number, count: number, listening: number, isCompact = false): Promise<Crowd> {
    let opened = 0;
    const lines = await openMany(count, () => {
      const listens = opened++ < listening;
      return open({ kind: 'daemon', port }, 'receiver', listens && isCompact ? 'compact' : listens);
    });
    return new Crowd(lines, listening);
  }

  /** All join, the listening ones first, and have seen it. */
  async enter(): Promise<void> {
    const { listeners, others } = this;
    request(JOIN_MESS, listeners);
    await this.arrived(sumTo(listeners.length));
    request(JOIN_MESS, others);
    await this.arrived(others.length * listeners.length);
  }

  /** All leave, the listening ones last, and have seen it. */
  async exit(): Promise<void> {
    const { listeners, others } = this;
    request(LEAVE_MESS, others);
    await this.arrived(others.length * listeners.length);
    request(LEAVE_MESS, listeners);
    await this.arrived(sumTo(listeners.length));
  }

  /** Resolves when this many frames have come to all together since the last call. */
  async arrived(frames: number): Promise<void> {
    if (this.frames < frames) {
      await new Promise<void>((resolve) => {
        this.done = resolve;
        this.expected = frames;
      });
    }
    if (this.frames > frames) throw new Error(`${this.frames - frames} frames too many`);
    this.frames = 0;
    this.expected = Infinity;
  }

  private get listeners(): readonly Line[] {
    return this.lines.slice(0, this.listening);
  }

  private get others(): readonly Line[] {
    return this.lines.slice(this.listening);
  }
}

function request(service: number, lines: readonly Line[]): void {
  for (const { socket, name } of lines) socket.write(encodeRequest(service, name, [groupName(0)]));
}

/** Of n that join one after the other, the first sees n views and the last sees 1; likewise for leaves, their own included. */
const sumTo = (n: number): number => (n * (n + 1)) / 2;
