/** A line of the log for a person at a terminal: time, level, message, fields. */
import { styleText } from 'node:util';

const NAMES: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};
const WARNING = 40;
const ERROR = 50;
const LONGEST_NAME = 5;

/** A person at the terminal knows the machine and the process. */
const LEFT_OUT = new Set(['level', 'time', 'msg', 'pid', 'hostname']);

/** Whether text needs no quotes to be told from the next field. */
const PLAIN = /^[^\s"=\p{C}]+$/u;

/**
 * `12:34:56.789 INFO  session established  name=alice address=127.0.0.1`, local time.
 * @param json one JSON line of pino
 * @param isColoured whether levels and names of fields are coloured
 */
export function terminalLine(json: string, isColoured: boolean): string {
  const line = JSON.parse(json) as Record<string, unknown>;
  const { level = 0, time = 0, msg = '' } = line as { level?: number; time?: number; msg?: string };
  const colour = level >= ERROR ? 'red' : level >= WARNING ? 'yellow' : 'green';
  const styled = (style: 'dim' | typeof colour, text: string): string =>
    isColoured ? styleText(style, text, { validateStream: false }) : text;
  const name = (NAMES[level] ?? String(level)).padEnd(LONGEST_NAME);
  const fields = Object.entries(line)
    .filter(([key]) => !LEFT_OUT.has(key))
    .map(([key, value]) => styled('dim', `${key}=`) + valueText(value));
  const head = `${styled('dim', timeOfDay(new Date(time)))} ${styled(colour, name)} ${shown(msg)}`;
  return fields.length > 0 ? `${head}  ${fields.join(' ')}\n` : `${head}\n`;
}

function valueText(value: unknown): string {
  if (typeof value === 'string' && PLAIN.test(value)) return value;
  return shown(JSON.stringify(value));
}

/** Fields may hold what clients have sent: nothing of it steers the terminal. */
const shown = (text: string): string =>
  text.replace(/\p{C}/gu, (sign) => `\\u{${(sign.codePointAt(0) as number).toString(16)}}`);

function timeOfDay(date: Date): string {
  const digits = (value: number, length: number): string => String(value).padStart(length, '0');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((value) => digits(value, 2));
  return `${clock.join(':')}.${digits(date.getMilliseconds(), 3)}`;
}
