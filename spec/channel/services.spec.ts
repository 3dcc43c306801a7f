/** Messages of the registry, sent with each service: a member that chooses a weaker one could have some decide alone. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Service } from '../../lib/client/send.js';
import { type RegistryMessage, encodeRegistryMessage } from '../../lib/channel/registry/command.js';
import { RegistryMachine } from '../../lib/channel/registry/machine.js';
import type { RegistryView } from '../../lib/channel/registry/ports.js';
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
  returned: [],
});

/** A machine alone in its view. @param ignored takes what it ignores */
function machineOf(ignored: string[] = []): RegistryMachine {
  const machine: RegistryMachine = new RegistryMachine(SELF, {
    send: (to, bytes, service) => sent.push(() => machine.message(SELF, bytes, to ? null : service)),
    settled: () => undefined,
    tell: () => undefined,
    waiting: () => undefined,
    ready: () => undefined,
    exchanging: () => undefined,
    departing: () => undefined,
    ignored: (member, reason) => void ignored.push(`${member} ${reason}`),
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
    tag: machine.tag,
    command: { kind: 'claim', name: 'c', claim: machine.newClaim(), settings: SETTINGS, strict, from: null },
  });

  function takenWith(make: (machine: RegistryMachine) => RegistryMessage): readonly Service[] {
    return services.filter((service) => {
      const ignored: string[] = [];
      const machine = machineOf(ignored);
      machine.message(SELF, encodeRegistryMessage(make(machine)), service);
      if (ignored.length > 0) expect(ignored).to.deep.equal([`${SELF} malformed`]);
      return ignored.length === 0;
    });
  }

  it('count if they have a place in the order of the group', () => {
    const update = (machine: RegistryMachine): RegistryMessage => ({
      serial: 1,
      tag: machine.tag,
      command: { kind: 'nothing' },
    });
    expect(takenWith(update)).to.deep.equal(['agreed', 'safe']);
    expect(takenWith((machine) => claim(machine, false))).to.deep.equal(['agreed', 'safe']);
    const part = ({ tag }: RegistryMachine): RegistryMessage => ({
      kind: 'part',
      tag,
      index: 0,
      bytes: Buffer.alloc(0),
    });
    expect(takenWith(part)).to.deep.equal(['agreed', 'safe']);
  });

  it('count only as safe ones where all who continue have to know of them', () => {
    expect(takenWith((machine) => claim(machine, true))).to.deep.equal(['safe']);
    expect(takenWith(({ tag }) => ({ kind: 'vote', tag, epoch: 1 }))).to.deep.equal(['safe']);
  });

  it('do not count as those of one who is not a member', () => {
    const ignored: string[] = [];
    const machine = machineOf(ignored);
    machine.message(OTHER, encodeRegistryMessage(claim(machine, true)), 'safe');
    expect([ignored, machine.table.find('c')]).to.deep.equal([[`${OTHER} stranger`], undefined]);
  });
});
