/** The parts of `ssp-toolkit/node-cron` that only compute: keys of runs, and who gets one. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { runOf } from '../../lib/adapters/node-cron/key.js';
import { MAX_JOBS, SlotMachine } from '../../lib/adapters/node-cron/slots.js';
import { IllegalParamError } from '../../lib/errors.js';
import type { Machine } from '../../lib/recipes/core/machines/machine.js';

const NOON = Date.UTC(2026, 0, 31, 12);
const info = { sender: '#a#d1', index: 0 };

const apply = (machine: SlotMachine, name: unknown, slot: unknown): boolean =>
  machine.apply({ name, slot } as never);

async function* pieces(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

describe('the key of a run', () => {
  it('is the name of the job and its time', () => {
    expect(runOf('report:2026-01-31T12:00:00.000Z')).to.deep.equal({ name: 'report', slot: NOON });
    expect(runOf('a:b:2026-01-31T12:00:00.000Z')).to.deep.equal({ name: 'a:b', slot: NOON });
    expect(runOf(`${'n'.repeat(1000)}:2026-01-31T12:00:00.000Z`).slot).to.equal(NOON);
  });

  for (const [key, text] of [
    [5, 'key must be a string, got number'],
    ['report', 'got "report"'],
    [':2026-01-31T12:00:00.000Z', 'expected a key such as report:2026-01-31T12:00:00.000Z'],
    ['report 2026-01-31T12:00:00.000Z', 'got "report 2026'],
    ['report:2026-01-31T12:00:00.00Z', 'expected a key'],
    ['report:2026-02-31T12:00:00.000Z', 'expected a key'],
    ['report:2026-13-31T12:00:00.000Z', 'expected a key'],
    [`${'ü'.repeat(501)}:2026-01-31T12:00:00.000Z`, 'name of the job is 1002 bytes, limit is 1000'],
  ] as const) {
    it(`is refused: ${String(key).slice(0, 40)}`, () => {
      expect(() => runOf(key)).to.throw(IllegalParamError, text);
    });
  }
});

describe('the last runs of jobs', () => {
  it('give each run once, and none that is not later', () => {
    const machine = new SlotMachine();
    const given = [1, 1, 3, 2, 3, 4].map((slot) => apply(machine, 'report', slot));
    expect(given).to.deep.equal([true, false, true, false, false, true]);
    expect(apply(machine, 'other', 1)).to.equal(true);
    machine.reset();
    expect(apply(machine, 'report', 1)).to.equal(true);
  });

  it('give names that objects have of their own, too', () => {
    const machine = new SlotMachine();
    for (const name of ['__proto__', 'constructor', '0'])
      expect([apply(machine, name, 1), apply(machine, name, 1)], name).to.deep.equal([true, false]);
  });

  it('refuse a command that is none', () => {
    const machine: Machine<never, boolean> = new SlotMachine();
    const none = [null, 'x', {}, { name: '', slot: 1 }, { name: 5, slot: 1 }, { name: 'a', slot: 0.5 }];
    const long = [{ name: 'n'.repeat(1001), slot: 1 }, { name: 'a', slot: 8.64e15 + 1 }, { name: 'a' }];
    for (const command of [...none, ...long])
      expect(() => machine.apply(command as never, info), JSON.stringify(command)).to.throw(
        IllegalParamError,
        'expected a run of a job',
      );
  });

  it('are those of 10,000 jobs: one more is refused, and none forgotten', () => {
    const machine = new SlotMachine();
    for (let job = 0; job < MAX_JOBS; job++) apply(machine, `job ${job}`, 1);
    expect(() => apply(machine, 'one more', 1)).to.throw(IllegalParamError, 'at most 10000 names of jobs');
    expect([apply(machine, 'job 0', 1), apply(machine, 'job 0', 2)]).to.deep.equal([false, true]);
  });

  it('are the same from a snapshot, whose bytes come again', async () => {
    const machine = new SlotMachine();
    for (const [name, slot] of [
      ['b', 7],
      ['a', 3],
      ['__proto__', 5],
    ] as const)
      apply(machine, name, slot);
    const bytes = machine.snapshot();
    const other = new SlotMachine();
    await other.restore(pieces(bytes.toString().slice(0, 9), bytes.toString().slice(9)));
    expect(other.snapshot()).to.deep.equal(bytes);
    expect([apply(other, 'b', 7), apply(other, '__proto__', 5), apply(other, 'a', 4)]).to.deep.equal([
      false,
      false,
      true,
    ]);
  });

  it('are not taken from what is no state', async () => {
    for (const text of ['{}', '[["a"]]', '[["a",0.5]]', '[5]', '[["",1]]', 'x']) {
      const error = await new SlotMachine().restore(pieces(text)).catch((thrown: unknown) => thrown);
      expect(error, text).to.be.instanceOf(Error);
    }
  });
});
