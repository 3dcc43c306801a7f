/** The lines that a rig obeys. */
import { expect } from 'chai';
import { FAULT_FORMS, parseFault } from '../support/cluster/faults.js';

const lines: Readonly<Record<string, object>> = {
  'cut 3': { kind: 'cut', nodes: [3] },
  'cut 1,2': { kind: 'cut', nodes: [1, 2] },
  'split 1,2 3': { kind: 'split', sides: [[1, 2], [3]] },
  heal: { kind: 'heal' },
  'loss 0.5': { kind: 'loss', percent: 0.5 },
  'delay 20': { kind: 'delay', milliseconds: 20 },
  'kill sspd 2': { kind: 'kill', role: 'sspd', node: 2 },
  'stop corosync 1': { kind: 'stop', role: 'corosync', node: 1 },
  'start corosync 1': { kind: 'start', role: 'corosync', node: 1 },
  'freeze sspd 1 1.5s': { kind: 'freeze', role: 'sspd', node: 1, milliseconds: 1_500 },
  'freeze sspd 1 300ms': { kind: 'freeze', role: 'sspd', node: 1, milliseconds: 300 },
  '  freeze   corosync 2 ': { kind: 'freeze', role: 'corosync', node: 2 },
  'thaw corosync 2': { kind: 'thaw', role: 'corosync', node: 2 },
  restore: { kind: 'restore' },
  formed: { kind: 'formed' },
};

describe('lines of the cluster rig', () => {
  for (const [line, fault] of Object.entries(lines)) {
    it(`"${line}"`, () => expect(parseFault(line)).to.deep.equal(fault));
  }

  it('are named with all their verbs in the help', () => {
    const verbs = FAULT_FORMS.split('\n').map((form) => form.split(' ')[0]);
    expect(new Set(Object.values(lines).map((fault) => (fault as { kind: string }).kind))).to.deep.equal(
      new Set(verbs),
    );
  });

  for (const line of [
    '',
    'cutt 3',
    'cut',
    'cut x',
    'kill sspd',
    'kill spread 1',
    'freeze sspd 1 5m',
    'loss -1',
  ]) {
    it(`"${line}" is none`, () => expect(() => parseFault(line)).to.throw(/is (none of|no number|neither)/));
  }
});
