/** Numbers, times and names as people read them. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `4,532`; of fractions below ten one digit. */
export function numberText(value: number): string {
  const digits = value < 10 && !Number.isInteger(value) ? 1 : 0;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

export interface Amount {
  readonly value: string;
  readonly unit: string;
}

/** Bytes in the unit that gives one to three digits. */
export function bytesAmount(bytes: number): Amount {
  let [rest, unit] = [bytes, 0];
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1_000;
    unit++;
  }
  return { value: numberText(unit === 0 ? Math.round(rest) : rest), unit: UNITS[unit] ?? 'B' };
}

export function bytesText(bytes: number): string {
  const { value, unit } = bytesAmount(bytes);
  return `${value} ${unit}`;
}

/** A time that has passed, in its two largest units: `3 d 4 h`, `12 s`. */
export function durationText(milliseconds: number): string {
  const time = Math.max(0, milliseconds);
  const part = (value: number, unit: string): string => `${Math.floor(value)} ${unit}`;
  if (time < MINUTE) return part(time / SECOND, 's');
  if (time < HOUR) return `${part(time / MINUTE, 'min')} ${part((time % MINUTE) / SECOND, 's')}`;
  if (time < DAY) return `${part(time / HOUR, 'h')} ${part((time % HOUR) / MINUTE, 'min')}`;
  return `${part(time / DAY, 'd')} ${part((time % DAY) / HOUR, 'h')}`;
}

/** The same in its largest unit. */
export function shortDuration(milliseconds: number): string {
  const [value = '', unit = ''] = durationText(milliseconds).split(' ');
  return `${value} ${unit}`;
}

/** Characters of a name that are shown. */
export const NAME_LENGTH = 31;

/** Names are strangers' bytes: without what would not be seen, or would change what stands beside it. */
export function nameText(name: string, most = NAME_LENGTH): string {
  const shown = name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');
  return shown.length > most ? `${shown.slice(0, most - 1)}…` : shown;
}

/** An id is two names. */
export const idText = (id: string): string => nameText(id, 2 * NAME_LENGTH);

/** `d1 d2 d3`; of many the first ones and a number. */
export function listText(names: readonly string[], more = 0, most = 6): string {
  const shown = names.slice(0, most).map(idText).join(' ');
  const rest = names.length - Math.min(names.length, most) + more;
  return rest > 0 ? `${shown} and ${numberText(rest)} more` : shown;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${numberText(count)} ${count === 1 ? one : many}`;

/** Who came and who went in a view: `#ann#d1 came`, `#bob#d1 and 2 more are gone`. */
export function changeText(view: {
  readonly came: readonly string[];
  readonly gone: readonly string[];
  readonly more: number;
}): string {
  const { came, gone, more } = view;
  const isOneSided = came.length === 0 || gone.length === 0;
  const rest = isOneSided ? more : 0;
  const parts: string[] = [];
  if (came.length > 0) parts.push(`${listText(came, rest)} came`);
  if (gone.length > 0) {
    parts.push(`${listText(gone, rest)} ${gone.length + rest === 1 ? 'is' : 'are'} gone`);
  }
  if (!isOneSided && more > 0) parts.push(plural(more, 'other change'));
  return parts.join(', ');
}
