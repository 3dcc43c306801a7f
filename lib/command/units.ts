/** Numbers as people read them. Always the same form, whatever the language of the system. */

/** 1234567 as `1,234,567`; fractions are rounded away. */
export const count = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 message`, `2 messages`. */
export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** Microseconds with the unit that gives three or so digits: `87 us`, `1.25 ms`, `2.00 s`. */
export function microseconds(value: number): string {
  if (value < 1_000) return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} us`;
  if (value < 1_000_000) return `${(value / 1_000).toFixed(2)} ms`;
  return `${(value / 1_000_000).toFixed(2)} s`;
}

/** Bytes per second as `12.3 MB/s`, a megabyte being a million bytes. */
export const megabytes = (value: number): string => `${(value / 1e6).toFixed(1)} MB/s`;

/** Milliseconds as `1.25 s`. */
export const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(2)} s`;

/** Time of day, `12:00:01`, local. */
export const clock = (time: Date): string => time.toTimeString().slice(0, 8);
