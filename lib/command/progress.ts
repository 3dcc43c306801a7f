/** A bar that shows how far something is, on terminals only. */
import { count, plural } from './units.js';

const WIDTH = 30;
const EVERY_MS = 100;

/** Back to the first column, and away with what stood there. */
const CLEAR_LINE = '\r\u001B[K';

/** How far something is. */
export interface Progress {
  /** From 0 to 1. */
  readonly share: number;
  readonly messages: number;
  /** Messages a second since the last look. */
  readonly rate: number;
}

/** The bar as text, without its colours, since it has none. */
export function bar({ share, messages, rate }: Progress): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * WIDTH);
  const percent = `${Math.floor(Math.min(1, share) * 100)}%`.padStart(5);
  const boxes = '#'.repeat(filled) + '-'.repeat(WIDTH - filled);
  return `[${boxes}]${percent}  ${plural(messages, 'message')}  ${count(rate)}/s`;
}

/** What a progress bar writes to. */
export interface Terminal {
  readonly isTTY: boolean;
  write(text: string): boolean;
}

/**
 * Shows a bar until the returned function is called, which takes it away.
 * @param look asked several times a second
 */
export function showProgress(
  look: () => Omit<Progress, 'rate'>,
  terminal: Terminal = process.stderr,
): () => void {
  if (!terminal.isTTY) return () => undefined;
  let last = 0;
  let time = performance.now();
  const timer = setInterval(() => {
    const { share, messages } = look();
    const now = performance.now();
    const rate = ((messages - last) * 1_000) / (now - time);
    last = messages;
    time = now;
    terminal.write(CLEAR_LINE + bar({ share, messages, rate }));
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    terminal.write(CLEAR_LINE);
  };
}
