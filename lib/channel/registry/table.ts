/** The table of names. Entries are values: a change puts a new one in the place of the old. */
import type { Buffer } from 'node:buffer';
import { ByteReader, ByteWriter, Malformed, readWhole } from '../../util/bytes.js';
import { type ClaimId, type Entry, readEntry, writeEntry } from './entry.js';

export class Table {
  private readonly byClaim = new Map<ClaimId, Entry>();
  private readonly byName = new Map<string, ClaimId>();

  get size(): number {
    return this.byClaim.size;
  }

  get(claim: ClaimId): Entry | undefined {
    return this.byClaim.get(claim);
  }

  find(name: string): Entry | undefined {
    const claim = this.byName.get(name);
    return claim === undefined ? undefined : this.byClaim.get(claim);
  }

  /** Adds an entry, or puts it in the place of the one with its claim. */
  put(entry: Entry): void {
    this.byClaim.set(entry.claim, entry);
    this.byName.set(entry.name, entry.claim);
  }

  remove(entry: Entry): void {
    this.byClaim.delete(entry.claim);
    if (this.byName.get(entry.name) === entry.claim) this.byName.delete(entry.name);
  }

  entries(): IterableIterator<Entry> {
    return this.byClaim.values();
  }

  /** The same bytes for equal tables: in the order of the claims, clients in the order of their names. */
  encode(): Buffer {
    const out = new ByteWriter('BE');
    const claims = [...this.byClaim.keys()].toSorted();
    out.u32(claims.length);
    for (const claim of claims) {
      const entry = this.byClaim.get(claim) as Entry;
      writeEntry(out, { ...entry, clients: new Set([...entry.clients].toSorted()) });
    }
    return out.finish();
  }

  /** The table in the bytes, or null when there is none in them. */
  static decode(encoded: Buffer): Table | null {
    return readWhole(new ByteReader(encoded, 'BE'), (bytes) => {
      const table = new Table();
      for (let rest = bytes.u32(); rest > 0; rest--) {
        const entry = readEntry(bytes);
        if (table.find(entry.name) || table.get(entry.claim)) throw new Malformed('an entry twice');
        table.put(entry);
      }
      return table;
    });
  }
}
