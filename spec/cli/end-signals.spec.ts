/** What signals do to a daemon that has clients to send away. */
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { endOnSignals } from '../../daemon/cli/end-signals.js';

/** A process that only notes whom it would end. */
class Source extends EventEmitter {
  readonly pid = 7;
  readonly killed: (string | number)[] = [];

  kill(pid: number, signal: string): void {
    this.killed.push(pid, signal);
  }
}

describe('sspd: signals', () => {
  it('send the clients away, then stop the daemon without waiting, then are left to the system', () => {
    const source = new Source();
    const did: string[] = [];
    const act = (what: string) => async (): Promise<void> => void did.push(what);
    const info = ({ signal }: { readonly signal?: string }, message: string): void =>
      void did.push(`${message} ${signal}`);
    const started = endOnSignals({ info }, source);
    started({ drain: act('drain'), stop: act('stop') });
    expect(source.emit('SIGTERM', 'SIGTERM')).to.equal(true);
    expect(did.splice(0)).to.deep.equal(['stopping SIGTERM', 'drain']);
    expect(source.emit('SIGINT', 'SIGINT')).to.equal(true);
    expect(did.splice(0)).to.deep.equal(['stopping SIGINT', 'stop']);
    // Nobody listens any more: Node ends the process.
    for (const signal of ['SIGTERM', 'SIGINT']) expect(source.emit(signal, signal)).to.equal(false);
    expect(did).to.deep.equal([]);
    expect(source.killed).to.deep.equal([]);
  });

  it('end a process that has no daemon yet, as if nobody listened', () => {
    const source = new Source();
    const said: string[] = [];
    endOnSignals({ info: (_: object, message: string) => void said.push(message) }, source);
    // Before a daemon can say that it listens: from that line on a signal is for the daemon.
    expect(source.emit('SIGINT', 'SIGINT')).to.equal(true);
    expect(source.killed).to.deep.equal([7, 'SIGINT']);
    for (const signal of ['SIGTERM', 'SIGINT']) expect(source.listenerCount(signal)).to.equal(0);
    expect(said).to.deep.equal([]);
  });
});
