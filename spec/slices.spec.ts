/** Long work of the core leaves sockets and engine their turn: [daemon/slices]. */
import { expect } from 'chai';
import { CoreSlices, SLICE_TIME, STEP } from '../daemon/slices.js';

/** A core with that many steps of work, each of which takes so long by its clock. */
class BusyCore {
  steps = 0;
  clock = 0;
  readonly slices = new CoreSlices(
    () => this,
    () => this.clock,
  );

  constructor(
    private readonly work: number,
    private readonly milliseconds: number,
  ) {}

  step(): void {
    this.clock += this.milliseconds;
    if (++this.steps < this.work) this.slices.later();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('slices of long work', () => {
  it('end when their time is up, and others have their turn before the next one', async () => {
    const core = new BusyCore(100, 1);
    core.slices.later();
    expect(core.steps, 'nothing at once').to.equal(0);
    const seen: number[] = [];
    while (core.steps < 100) {
      await turn();
      seen.push(core.steps);
    }
    const slices = seen.map((steps, i) => steps - (seen[i - 1] ?? 0)).filter((steps) => steps > 0);
    expect(Math.max(...slices)).to.equal(SLICE_TIME);
    expect(slices.length).to.be.at.least(100 / SLICE_TIME);
  });

  it('take at most ten milliseconds with a step that takes one', () => {
    expect(SLICE_TIME + 1).to.be.at.most(10);
    const core = new BusyCore(1, 1);
    expect(core.slices.size(), 'units of about a microsecond').to.equal(STEP);
    expect(STEP).to.be.at.most(1_000);
  });

  it('are one only, however often there is something to do', async () => {
    const core = new BusyCore(1, 1);
    core.slices.later();
    core.slices.later();
    await turn();
    await turn();
    expect(core.steps).to.equal(1);
    core.slices.later();
    await turn();
    expect(core.steps, 'and the next time again').to.equal(2);
  });

  it('continue behind a single step that is longer than a slice', async () => {
    const core = new BusyCore(3, 50);
    core.slices.later();
    const seen: number[] = [];
    for (let i = 0; i < 4; i++) {
      await turn();
      seen.push(core.steps);
    }
    expect(seen.at(-1)).to.equal(3);
    expect(seen[0]).to.equal(1);
  });
});
