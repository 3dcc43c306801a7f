/** Numbers as people read them. Always the same form, whatever the language of the system. */

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 1234567 as `1,234,567`; fractions are rounded away. */
export const count = (value: number): string => whole.format(value);

/** `1 message`, `2 messages`. */
export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

const oneDigit = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
const sizes = ['kilobyte', 'megabyte', 'gigabyte', 'terabyte'].map(
  (unit) => new Intl.NumberFormat('en-US', { style: 'unit', unit, ...oneDigit }),
);

/** 1234567 as `1.2 MB`, a megabyte being a million bytes. */
export function bytes(value: number): string {
  if (value < 1_000) return `${count(value)} B`;
  const power = Math.min(sizes.length, Math.floor(Math.log10(value) / 3));
  return (sizes[power - 1] as Intl.NumberFormat).format(value / 1_000 ** power);
}

/** Microseconds with the unit that gives three or so digits: `87 us`, `1.25 ms`, `2.00 s`. */
export function microseconds(value: number): string {
  if (value < 1_000) return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} us`;
  if (value < 1_000_000) return `${(value / 1_000).toFixed(2)} ms`;
  return seconds(value / 1_000);
}

/** Milliseconds as `1.25 s`. */
export const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(2)} s`;

/** 93784 seconds as `1 d 2 h 3 min`; the units that are 0 are left out. */
export function age(value: number): string {
  if (value < 60) return `${Math.floor(value)} s`;
  const minutes = Math.floor(value / 60);
  const parts = [
    [Math.floor(minutes / 1_440), 'd'],
    [Math.floor(minutes / 60) % 24, 'h'],
    [minutes % 60, 'min'],
  ] as const;
  return parts
    .filter(([part]) => part > 0)
    .map(([part, unit]) => `${part} ${unit}`)
    .join(' ');
}

/** Time of day, `12:00:01`, local. */
export const clock = (time: Date): string => time.toTimeString().slice(0, 8);
