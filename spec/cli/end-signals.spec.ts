/** What signals do to a daemon that has clients to send away. */
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { endOnSignals } from '../../daemon/cli/end-signals.js';

describe('sspd: signals', () => {
  it('send the clients away, then stop the daemon without waiting, then are left to the system', () => {
    const source = new EventEmitter();
    const did: string[] = [];
    const act = (what: string) => async (): Promise<void> => void did.push(what);
    const info = ({ signal }: { readonly signal?: string }, message: string): void =>
      void did.push(`${message} ${signal}`);
    endOnSignals({ drain: act('drain'), stop: act('stop') }, { info }, source);
    expect(source.emit('SIGTERM', 'SIGTERM')).to.equal(true);
    expect(did.splice(0)).to.deep.equal(['stopping SIGTERM', 'drain']);
    expect(source.emit('SIGINT', 'SIGINT')).to.equal(true);
    expect(did.splice(0)).to.deep.equal(['stopping SIGINT', 'stop']);
    // Nobody listens any more: Node ends the process.
    for (const signal of ['SIGTERM', 'SIGINT']) expect(source.emit(signal, signal)).to.equal(false);
    expect(did).to.deep.equal([]);
  });
});
