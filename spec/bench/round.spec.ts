/** Runs of load programs that all send to all: when they end, and what they count. */
import { expect } from 'chai';
import { Round, type RoundAnswer } from '../../scripts/bench/load/round.js';

describe('a round of load programs', () => {
  /** One that is alone; `fill` puts its messages here. */
  function alone(window: number): {
    readonly round: Round;
    readonly sent: boolean[];
    readonly fill: () => void;
  } {
    const round = new Round(1, window);
    const sent: boolean[] = [];
    const fill = (): void => {
      const isLast = round.isOver;
      while (round.free > 0) {
        round.sending(1, isLast);
        sent.push(isLast);
      }
    };
    return { round, sent, fill };
  }

  it('fills the window, and again as far as messages come back', () => {
    const { round, sent, fill } = alone(3);
    void round.run(1_000, fill);
    expect(sent).to.have.length(3);
    fill();
    expect(sent).to.have.length(3);
    round.arrived(2, true, false);
    fill();
    expect(sent).to.have.length(5);
  });

  it('sends one message that is the last when the time is up, and ends when it has come', async () => {
    const { round, sent, fill } = alone(3);
    const running = round.run(0, fill);
    expect(sent).to.deep.equal([true]);
    round.arrived(1, true, true);
    const { sent: count, received } = await running;
    expect([count, received]).to.deep.equal([1, 1]);
  });

  it('ends when the last messages of all members have come', async () => {
    const round = new Round(2, 1);
    let answer: RoundAnswer | null = null;
    const running = round.run(0, () => round.sending(1, true)).then((given) => (answer = given));
    round.arrived(1, true, true);
    await Promise.resolve();
    expect(answer).to.equal(null);
    round.arrived(4, false, false);
    round.arrived(1, false, true);
    expect(await running).to.include({ sent: 1, received: 6 });
  });

  it('does not let messages of others free the window', () => {
    const { round, sent, fill } = alone(1);
    void round.run(1_000, fill);
    round.arrived(1, false, false);
    fill();
    expect(sent).to.have.length(1);
  });

  it('counts what comes before it begins itself to the next run', async () => {
    const round = new Round(2, 1);
    const one = async (before: number): Promise<number> => {
      if (before > 0) round.arrived(before, false, false);
      const running = round.run(0, () => round.sending(1, true));
      round.arrived(1, true, true);
      round.arrived(1, false, true);
      return (await running).received;
    };
    expect(await one(0)).to.equal(2);
    expect(await one(5)).to.equal(7);
  });
});
