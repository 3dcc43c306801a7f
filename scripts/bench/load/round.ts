/**
 * One run of several programs that all send to all with a window: each sends for some seconds and then one message that is
 * its last. The run is over for a program when the last ones of all have come, so that nothing is on its way between runs.
 */

export interface RoundRequest {
  /** Time for which it sends. */
  readonly seconds: number;
}

export interface RoundAnswer {
  readonly sent: number;
  readonly received: number;
  /** From its first send to its last receive. */
  readonly seconds: number;
}

export class Round {
  private sent = 0;
  private received = 0;
  /** Own ones that have not come back. */
  private underWay = 0;
  /** Programs whose last message has come. */
  private ended = 0;
  private start = 0;
  private end = 0;
  private isSending = false;
  private done: (answer: RoundAnswer) => void = () => undefined;

  /**
   * @param members programs that take part
   * @param window most messages of this one under way
   */
  constructor(
    private readonly members: number,
    private readonly window: number,
  ) {}

  /** @param fill sends as many as are `free` */
  run(seconds: number, fill: () => void): Promise<RoundAnswer> {
    return new Promise((resolve) => {
      this.done = resolve;
      this.start = performance.now();
      this.end = this.start + seconds * 1_000;
      this.isSending = true;
      fill();
    });
  }

  /** Messages that may go out now. */
  get free(): number {
    return this.isSending ? this.window - this.underWay : 0;
  }

  /** Whether the time is up: what goes out next is the last. */
  get isOver(): boolean {
    return performance.now() >= this.end;
  }

  sending(messages: number, isLast: boolean): void {
    this.sent += messages;
    this.underWay += messages;
    if (isLast) this.isSending = false;
  }

  arrived(messages: number, isOwn: boolean, isLast: boolean): void {
    this.received += messages;
    if (isOwn) this.underWay -= messages;
    if (isLast && ++this.ended === this.members) this.finish();
  }

  private finish(): void {
    const { sent, received, start, done } = this;
    this.sent = 0;
    this.received = 0;
    this.ended = 0;
    done({ sent, received, seconds: (performance.now() - start) / 1_000 });
  }
}
