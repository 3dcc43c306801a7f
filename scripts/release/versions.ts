/** The places that name the version of the package. Specs keep them the same; a release changes them together. */

export const PLACES = ['package.json', 'package-lock.json', 'lib/wire/version.ts'] as const;
type Place = (typeof PLACES)[number];

/** What the protocol can carry: three numbers of one byte each, of which Spread 5.0.1 reads 128 and above as negative. */
const VERSION = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;
const MAX_NUMBER = 127;
const CONSTANT = /(TOOLKIT_VERSION[^=\n]*= \{) major: \d+, minor: \d+, patch: \d+ (\})/;

/** @throws Error for a text that is not the version of a release */
export function numbersOf(version: string): readonly [major: number, minor: number, patch: number] {
  const [, ...numbers] = (VERSION.exec(version) ?? []).map(Number);
  const [major, minor, patch] = numbers;
  if (major === undefined || minor === undefined || patch === undefined || Math.max(...numbers) > MAX_NUMBER)
    throw new Error(`expected a version such as 1.2.3, with numbers up to ${MAX_NUMBER}, got ${version}`);
  return [major, minor, patch];
}

/** Whether a version comes after another one. */
export function isAfter(version: string, other: string): boolean {
  const [a, b] = [numbersOf(version), numbersOf(other)];
  const at = a.findIndex((number, i) => number !== b[i]);
  return at >= 0 && (a[at] as number) > (b[at] as number);
}

/**
 * The text of a place with another version.
 *
 * @throws Error when the text does not have the version where it should
 */
export function withVersion(place: Place, text: string, version: string): string {
  const [major, minor, patch] = numbersOf(version);
  if (place.endsWith('.ts')) {
    if (!CONSTANT.test(text)) throw new Error(`expected TOOLKIT_VERSION in ${place}, got none`);
    return text.replace(CONSTANT, `$1 major: ${major}, minor: ${minor}, patch: ${patch} $2`);
  }
  const manifest = JSON.parse(text) as { version: string; packages?: Record<string, { version: string }> };
  manifest.version = version;
  const own = manifest.packages?.[''];
  if (own !== undefined) own.version = version;
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
