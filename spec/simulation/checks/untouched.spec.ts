import { expect } from 'chai';
import { MadeUp } from '../../testing/checks/made-up.js';
import type { EngineLog } from '../../../daemon/testing/network/engine-log.js';
import { unnoticed, untouched } from './untouched.js';

const a = (): MadeUp => new MadeUp('a');

/** The engine of d1 with so many views. */
function engine(views: number): EngineLog {
  const self = { node: 1, pid: 1, inc: 1n, name: 'd1' };
  const view = { id: { text: '1', tag: 1n }, members: [self], sets: [[self]], previous: null };
  return { self, entries: Array.from({ length: views }, () => ({ kind: 'view', view })), end: 'open' };
}

describe('simulation: what checks [daemon E13]', () => {
  it('passes as many network changes as there are daemon views', () => {
    const log = a();
    log.network('1', [log]).transition('1').network('2', [log]);
    expect(untouched([log], [engine(2)])).to.deep.equal([]);
  });

  it('finds one more', () => {
    const log = a();
    log.network('1', [log]).network('2', [log]);
    expect(untouched([log], [engine(1)])).to.have.length(1);
  });

  it('finds any where nothing was to be noticed', () => {
    const log = a();
    log.view('1', [log]).transition('1');
    expect(unnoticed([log])).to.have.length(1);
  });

  it('passes joins there', () => {
    const log = a();
    log.view('1', [log]);
    expect(unnoticed([log])).to.deep.equal([]);
  });
});
