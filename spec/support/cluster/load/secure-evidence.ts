/**
 * What the members of a secure group have seen, as the checkers of the simulator read it. A simulator knows all secrets;
 * here a key that each member exports from a secret stands for it.
 */
import { check } from '../../../secure/simulation/checks/all.js';
import type { Evidence, SecureLog, Violation } from '../../../secure/simulation/log.js';

/** Which key belongs to which view or epoch, and who has it. */
export class KeyBook {
  /** Ids with two keys. */
  readonly doubles: string[] = [];
  private readonly keys = new Map<string, string>();
  private readonly holders = new Map<string, Set<string>>();

  /** @param id of the secure view, or of a later epoch in it */
  note(id: string, key: string, member: string): void {
    const known = this.keys.get(id);
    if (known === undefined) this.keys.set(id, key);
    else if (known !== key) this.doubles.push(id);
    const holders = this.holders.get(id) ?? new Set();
    this.holders.set(id, holders.add(member));
  }

  keyOf(id: string): string | undefined {
    return this.keys.get(id);
  }

  holdersOf(id: string): ReadonlySet<string> {
    return this.holders.get(id) ?? new Set();
  }
}

/** What somebody got whom nobody accepts. It accepts all, so it may be shown a view that nobody confirms. */
export interface OutcastLog {
  readonly id: string;
  /** Id of each secure view, with the key that it exports. */
  readonly views: { readonly id: string; readonly key: string }[];
  /** What was handed out to it, with the senders. */
  readonly data: { readonly text: string; readonly sender: string }[];
  /** Members that have confirmed its views to it. */
  readonly confirmed: Set<string>;
}

export interface SecureFindings {
  /** Of all that are accepted. */
  readonly logs: readonly SecureLog[];
  /** Of all, the outcasts too. */
  readonly keys: KeyBook;
  readonly outcasts: readonly OutcastLog[];
  /** What was handed out to members that was not encrypted. */
  readonly clear: readonly string[];
}

/** @returns what is wrong, a line each */
export function secureFaults(findings: SecureFindings): string[] {
  const { logs, keys, clear } = findings;
  const evidence: Evidence = {
    logs,
    holdersOf: (id) => keys.holdersOf(id),
    secretOf: (id) => keys.keyOf(id),
    doubles: keys.doubles,
    revoked: new Map(),
    mayDiffer: false,
    mayRepeat: false,
    hasLiars: false,
  };
  const inClear = clear.map((text) => ({ property: 'SD-6', text: `${text} was handed out in clear` }));
  return [...check(evidence), ...inClear, ...outcastFaults(findings)].map(
    ({ property, text }) => `${property}: ${text}`,
  );
}

/** [secure-groups SS4]: it has no key of the others, hears nothing of them, and nobody confirms its views. */
function outcastFaults({ logs, keys, outcasts }: SecureFindings): Violation[] {
  const found: Violation[] = [];
  const ids = new Map<string, string>();
  for (const { entries } of logs)
    for (const entry of entries)
      if (entry.kind === 'view' || entry.kind === 'rekeyed') ids.set(keys.keyOf(entry.id) ?? '', entry.id);
  for (const { id: outcast, views, data, confirmed } of outcasts) {
    const tell = (text: string): void => void found.push({ property: 'SS4', text: `${outcast} ${text}` });
    for (const { id, key } of views) {
      const other = ids.get(key);
      if (other !== undefined) tell(`has in ${id.slice(0, 8)} the key of ${other.slice(0, 8)}`);
    }
    for (const { text, sender } of data) if (sender !== outcast) tell(`was handed ${text} of ${sender}`);
    for (const member of confirmed) if (member !== outcast) tell(`has a view that ${member} confirmed`);
  }
  return found;
}
