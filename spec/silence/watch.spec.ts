/** The watch over a table of its own: whom it ends, and when it looks. Real silence is in spec/process/silent-peers. */
import { EventEmitter } from 'node:events';
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { tableKey } from '../../lib/silence/tcp-table.js';
import { tellsSilence, SilenceWatch } from '../../lib/silence/watch.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { until } from '../support/wait.js';

/** An end of a connection that is only told about. */
class End extends EventEmitter {
  bytesWritten = 0;
  destroyed = false;
  error: NodeJS.ErrnoException | null = null;
  keepAlive: number | null = null;
  readonly localPort = 4803;

  constructor(
    readonly remoteAddress: string | undefined,
    readonly remotePort = 1,
    readonly localAddress = '10.0.0.1',
  ) {
    super();
  }

  setKeepAlive(_enable: boolean, delay: number): this {
    this.keepAlive = delay;
    return this;
  }

  destroy(error: Error): this {
    this.destroyed = true;
    this.error = error;
    this.emit('close');
    return this;
  }

  line(timer: string, retransmissions: number, probes = 0, queued = 5): string {
    const key = tableKey({
      localAddress: this.localAddress,
      localPort: this.localPort,
      remoteAddress: this.remoteAddress as string,
      remotePort: this.remotePort,
    });
    const [queue, count] = [queued, retransmissions].map((each) => each.toString(16).padStart(8, '0'));
    return `  0: ${key} 01 ${queue}:00000000 ${timer}:00000014 ${count}  0  ${probes} 77 1\n`;
  }
}

const TIMEOUT = 120;

/** A table that is a file, and how often it was read. */
class Table {
  reads = 0;

  constructor(private readonly path: string) {
    this.show();
  }

  get ipv4(): string {
    this.reads++;
    return this.path;
  }

  get ipv6(): string {
    throw new Error('nobody comes over IPv6');
  }

  show(...lines: readonly string[]): void {
    writeFileSync(this.path, `  sl  local_address rem_address   st\n${lines.join('')}`);
  }
}

describe('silence: watch', () => {
  let directory: TemporaryDirectory;
  let table: Table;

  beforeEach(async () => {
    directory = await TemporaryDirectory.make();
    table = new Table(directory.file('tcp'));
  });

  afterEach(async () => {
    await directory[Symbol.asyncDispose]();
  });

  it('ends a connection whose other end is silent, and no other', async () => {
    const watch = new SilenceWatch(table);
    const ends = ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'].map((address) => new End(address));
    const [silent, lively, unread, idle] = ends as [End, End, End, End];
    const stranger = new End('10.0.0.9');
    table.show(
      silent.line('01', 6),
      lively.line('01', 0),
      unread.line('04', 0, 0),
      stranger.line('01', 9),
      idle.line('02', 0, 0, 0),
    );
    for (const end of ends) watch.add(end, TIMEOUT);
    await until(() => silent.destroyed, 'the silent one to end');
    expect([silent.error?.code, silent.error?.message]).to.deep.equal([
      'ETIMEDOUT',
      'no sign of life from 10.0.0.2, port 1, for 120 ms',
    ]);
    expect([lively, unread, idle].some(({ destroyed }) => destroyed)).to.equal(false);
    idle.line('02', 0, 3, 0);
    table.show(idle.line('02', 0, 3, 0));
    await until(() => idle.destroyed, 'the idle one to end');
    for (const end of [lively, unread]) end.emit('close');
  });

  it('knows two connections from one port of the other end by their addresses', async () => {
    const watch = new SilenceWatch(table);
    const [silent, lively] = [new End('10.0.0.2', 7), new End('10.0.0.3', 7)];
    table.show(silent.line('01', 6), lively.line('01', 0));
    for (const end of [lively, silent]) watch.add(end, TIMEOUT);
    await until(() => silent.destroyed, 'the silent one to end');
    expect(lively.destroyed).to.equal(false);
    lively.emit('close');
  });

  it('has the kernel ask so that ten questions, one a second, end with the time', () => {
    const watch = new SilenceWatch(table);
    for (const [timeout, idle] of [
      [1_000, 1_000],
      [6_000, 2_000],
      [15_000, 5_000],
      [60_000, 50_000],
      [999_999_999, 7_200_000],
    ] as const) {
      const end = new End('10.0.0.2');
      watch.add(end, timeout);
      expect([timeout, end.keepAlive]).to.deep.equal([timeout, idle]);
      end.emit('close');
    }
  });

  it('leaves alone what comes from this machine, and what is gone already', async () => {
    const watch = new SilenceWatch(table);
    const ends = [new End(undefined), new End('10.0.0.1')];
    for (const end of ends) watch.add(end, TIMEOUT);
    expect(ends.map(({ keepAlive }) => keepAlive)).to.deep.equal([null, null]);
  });

  it('looks only while something is on its way', async () => {
    // A look each 10 ms, and a time with which the kernel ends idle connections by itself.
    const watch = new SilenceWatch(table, 1_500);
    const end = new End('10.0.0.2');
    table.show(end.line('02', 0, 0, 0));
    watch.add(end, 15_000);
    const rest = async (): Promise<void> => {
      for (let before = -1; before !== table.reads;) {
        before = table.reads;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await rest();
    expect(table.reads).to.equal(0);
    end.bytesWritten = 5;
    table.show(end.line('01', 0));
    await until(() => table.reads >= 5, 'looks, as long as bytes are not acknowledged');
    table.show(end.line('02', 0, 0, 0));
    await rest();
    const { reads } = table;
    end.bytesWritten = 6;
    await until(() => table.reads > reads, 'another look');
    end.emit('close');
  });

  it('does without a table where there is none, and says so to who asks', async () => {
    const nowhere = directory.file('none');
    const watch = new SilenceWatch({ ipv4: nowhere, ipv6: nowhere });
    const end = new End('10.0.0.2');
    watch.add(end, TIMEOUT);
    expect([await tellsSilence(nowhere), end.destroyed]).to.deep.equal([false, false]);
    expect(await tellsSilence(directory.file('tcp'))).to.equal(true);
  });
});
