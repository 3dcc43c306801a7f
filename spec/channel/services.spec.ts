/** Messages of the registry, sent with each service: a member that chooses a weaker one could have some decide alone. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Service } from '../../lib/client/send.js';
import { type RegistryMessage, encodeRegistryMessage } from '../../lib/channel/registry/command.js';
import { RegistryMachine, type RegistryView } from '../../lib/channel/registry/machine.js';
import { SETTINGS } from './schedules/registry-connection.js';

const SELF = '#a#d1';
const OTHER = '#b#d2';
const services = ['unreliable', 'reliable', 'fifo', 'causal', 'agreed', 'safe'] as const;

const view = (counter: number, members: readonly string[], changed: string): RegistryView => ({
  id: [1, 2, counter],
  cause: 'join',
  members,
  changed,
  cameWithMe: members.filter((member) => member !== changed),
});

/** A machine of two members, in whose view the other one has nothing yet. */
function machineOf(): RegistryMachine {
  const machine: RegistryMachine = new RegistryMachine(SELF, {
    send: (to, bytes, service) => sent.push(() => machine.message(SELF, bytes, to ? null : service)),
    settled: () => undefined,
    tell: () => undefined,
    waiting: () => undefined,
    ready: () => undefined,
  });
  const sent: (() => void)[] = [];
  const settle = (): void => {
    while (sent.length > 0) sent.shift()?.();
  };
  machine.view(view(1, [SELF], SELF));
  settle();
  expect(machine.isReady).to.equal(true);
  return machine;
}

describe('messages of the registry', () => {
  const claim = (machine: RegistryMachine, strict: boolean): RegistryMessage => ({
    serial: 7,
    view: machine.viewId,
    command: { kind: 'claim', name: 'c', claim: machine.newClaim(), settings: SETTINGS, strict, from: null },
  });

  function takenWith(make: (machine: RegistryMachine) => RegistryMessage): readonly Service[] {
    return services.filter((service) => {
      const machine = machineOf();
      const before = machine.refused;
      machine.message(SELF, encodeRegistryMessage(make(machine)), service);
      const isTaken = machine.refused === before;
      expect(isTaken || machine.refused === before + 1).to.equal(true);
      return isTaken;
    });
  }

  it('count if they have a place in the order of the group', () => {
    const update = (machine: RegistryMachine): RegistryMessage => ({
      serial: 1,
      view: machine.viewId,
      command: { kind: 'nothing' },
    });
    expect(takenWith(update)).to.deep.equal(['agreed', 'safe']);
    expect(takenWith((machine) => claim(machine, false))).to.deep.equal(['agreed', 'safe']);
    const part = ({ viewId: tag }: RegistryMachine): RegistryMessage => ({
      kind: 'part',
      tag,
      index: 0,
      bytes: Buffer.alloc(0),
    });
    expect(takenWith(part)).to.deep.equal(['agreed', 'safe']);
  });

  it('count only as safe ones where all who continue have to know of them', () => {
    expect(takenWith((machine) => claim(machine, true))).to.deep.equal(['safe']);
    expect(takenWith(({ viewId: tag }) => ({ kind: 'vote', tag, epoch: 1 }))).to.deep.equal(['safe']);
  });

  it('do not count as those of one who is not a member', () => {
    const machine = machineOf();
    machine.message(OTHER, encodeRegistryMessage(claim(machine, true)), 'safe');
    expect([machine.refused, machine.table.find('c')]).to.deep.equal([1, undefined]);
  });
});
