/** What a process has used so far, as Linux reports it. Elsewhere nothing is known. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Clock ticks a second in /proc; the same on all machines that Linux runs on today. */
const TICKS = 100;
const USER_FIELD = 11;

/** Seconds of processor time. */
export function cpuSeconds(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name, which may hold anything but ends with the last parenthesis.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[USER_FIELD]) + Number(fields[USER_FIELD + 1])) / TICKS;
  } catch {
    return null;
  }
}

/** Highest resident memory in bytes since the start, or since `forgetPeak`. */
export const peakMemory = (pid: number): number | null => status(pid, 'VmHWM');

/** Resident memory in bytes. */
export const memory = (pid: number): number | null => status(pid, 'VmRSS');

/** Lets `peakMemory` start again from the present value. */
export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Then it is the peak since the start.
  }
}

function status(pid: number, field: string): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const value = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
    return value === undefined ? null : Number(value) * 1024;
  } catch {
    return null;
  }
}
