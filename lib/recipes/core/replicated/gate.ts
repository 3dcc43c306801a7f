/** Between the order and the replica: which inputs are taken, which are dropped, and which wait until that is known. */
import type { Input, Replica } from './replica.js';

export class Gate {
  /** Whether it is not known whose state goes on. */
  isWaiting = false;
  /** Whether a quorum is about to go on with the state that is here. */
  isForming = false;
  /** Whether a quorum is together. */
  isPrimary = false;
  /** Since the transitional signal. */
  isEnding = false;
  /**
   * Whether nothing may be taken here and others may go on without this member, as it was at the end of the last input:
   * in the middle of a new view it would be so for a moment.
   */
  isParted = true;
  private isSole = false;
  private queue: Input[] = [];

  constructor(
    private readonly replica: Replica,
    private readonly hasQuorum: boolean,
  ) {}

  /** With a quorum nothing behind the transitional signal is taken before the next view. */
  get isHeld(): boolean {
    return this.isEnding && this.hasQuorum;
  }

  /** Whether inputs are taken as they come. */
  get isOpen(): boolean {
    return this.isPrimary && !this.isWaiting && !this.isHeld;
  }

  /** An input of the state that goes on, or may go on. */
  input(input: Input): void {
    if (!this.isWaiting && !this.isPrimary && input.kind !== 'capture') this.replica.drop(input);
    else if (this.isForming && input.kind === 'capture') {
      // What is taken later must not have been before it.
      this.dismiss();
      this.replica.run(input);
    } else if (this.isWaiting || this.isHeld) this.queue.push(input);
    else this.replica.run(input);
  }

  /**
   * What came behind the transitional signal may have been taken elsewhere before it, and so it is taken. What came while
   * nobody knew whose state goes on was taken nowhere.
   */
  closeView(isAccounted: boolean): void {
    const mayBeTaken = isAccounted && !this.isWaiting;
    // Not of a quorum until the new view shows one.
    this.isPrimary = this.isForming = false;
    this.isEnding = false;
    this.resolve(mayBeTaken);
  }

  /** It is known whose state goes on. @param isAsked whether inputs have waited for that */
  decided(isPrimary: boolean, isAsked: boolean): void {
    this.isWaiting = this.isForming = false;
    this.isPrimary = isPrimary;
    if (isAsked && (!this.isHeld || !isPrimary)) this.resolve(isPrimary);
  }

  /** @param isSole whether nobody outside this view can go on with the state of this member */
  wait(isSole: boolean): void {
    this.isWaiting = true;
    this.isPrimary = false;
    this.isSole = isSole && !this.isParted;
  }

  /** All of a quorum is here, and has to say so. */
  form(): void {
    if (!this.isWaiting) this.isSole = false;
    this.isWaiting = this.isForming = true;
  }

  /** An input is over. */
  look(): void {
    this.isParted = !this.isHeld && !this.isPrimary && !(this.isWaiting && this.isSole);
  }

  /** What waits is dropped. */
  dismiss(): void {
    this.resolve(false);
  }

  private resolve(isTaken: boolean): void {
    for (const input of this.queue.splice(0)) {
      // A snapshot has its place also where nothing is taken: somebody waits for it.
      if (isTaken || input.kind === 'capture') this.replica.run(input);
      else this.replica.drop(input);
    }
  }
}
