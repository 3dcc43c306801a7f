/** What one member delivered in one view: two members with equal histories delivered the same [corosync 5.2.5]. */
export class History {
  /** DATA messages. */
  count = 0;
  private a = 0;
  private b = 0;

  /** The next message: kind, position of its sender in the view, and its number there. */
  add(kind: number, sender: number, number: number): void {
    const value = Math.imul(sender * 4 + kind + 1, 0x9e3779b1) ^ (number | 0) ^ Math.floor(number / 2 ** 32);
    this.a = Math.imul(this.a ^ value, 0x85ebca6b);
    this.a ^= this.a >>> 13;
    this.b = Math.imul((this.b + this.a) ^ value, 0xc2b2ae35);
    this.b ^= this.b >>> 16;
  }

  get hash(): bigint {
    return (BigInt(this.a >>> 0) << 32n) | BigInt(this.b >>> 0);
  }
}
