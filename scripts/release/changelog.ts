/** The changelog as a release reads and changes it: its first section is the next version until it has a date. */

/** `## 0.2.0 (unreleased)`, `## 0.2.0 (2026-11-29)` */
const HEADING = /^## (\S+) \((unreleased|\d{4}-\d\d-\d\d)\)$/m;

export interface FirstSection {
  readonly version: string;
  /** Null until the version is released. */
  readonly date: string | null;
  /** What has changed, without the heading. */
  readonly notes: string;
}

/** @throws Error when the first section has no heading of that form, or says nothing */
export function firstSection(changelog: string): FirstSection {
  const [first = ''] = /^## .*$/m.exec(changelog) ?? [];
  const [, version = '', date = ''] = HEADING.exec(first) ?? [];
  if (version === '')
    throw new Error(`expected "## VERSION (unreleased)" or a date in the changelog, got "${first}"`);
  const [, rest = ''] = changelog.split(first, 2);
  const [text = ''] = rest.split(/^## /m, 1);
  const notes = text.trim();
  if (notes === '') throw new Error(`expected notes on ${version} in the changelog, got none`);
  return { version, date: date === 'unreleased' ? null : date, notes };
}

/**
 * Gives the first section its version and date.
 *
 * @param date such as 2026-11-29
 * @throws Error when that section is of a released version
 */
export function released(changelog: string, version: string, date: string): string {
  const first = firstSection(changelog);
  if (first.date !== null)
    throw new Error(
      `expected a section of an unreleased version in the changelog, got ${first.version} of ${first.date}`,
    );
  return changelog.replace(HEADING, () => `## ${version} (${date})`);
}
