/** `ssp top` on a terminal: draws, waits, asks again, and obeys the keys. */
import { setTimeout as sleep } from 'node:timers/promises';
import { printable } from '../text.js';
import { type Ask, type Display, type Displays, nextList } from './display.js';
import { KeyScreen, type Line, type Terminal, ownTerminal } from './key-screen.js';
import { type ListName, layout, listNames } from './lists.js';

const endKeys = new Set(['q', 'ctrl-c', 'ctrl-d']);

export interface LiveOptions {
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** Ends it. */
  readonly stop: AbortSignal;
  readonly ask: (over: AbortSignal) => Ask;
  readonly terminal?: Terminal;
}

export class LiveTop {
  private readonly quit = new AbortController();
  /** Aborted when another list is chosen: it is asked for at once. */
  private switched = new AbortController();

  constructor(
    private readonly displays: Displays,
    private current: ListName,
  ) {}

  /** Resolves when a key ends it. @throws the reason of `stop`, and what is no failure of the monitor */
  async run({ interval, stop, ask, terminal = ownTerminal }: LiveOptions): Promise<void> {
    const over = AbortSignal.any([stop, this.quit.signal]);
    const draw = (): void => screen.draw(this.lines(screen.rows, screen.columns));
    const pressed = (key: string): void => {
      this.obey(key);
      if (!over.aborted) draw();
    };
    using screen = new KeyScreen(pressed, draw, terminal);
    try {
      for (;;) {
        draw();
        await this.pause(interval, over);
        this.switched = new AbortController();
        await this.display.look(ask(over));
      }
    } catch (error) {
      if (!this.quit.signal.aborted) throw stop.aborted ? stop.reason : error;
    }
  }

  private get display(): Display {
    return this.displays[this.current];
  }

  private async pause(interval: number, over: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([over, this.switched.signal]);
    await sleep(interval, undefined, { signal }).catch(() => over.throwIfAborted());
  }

  private obey(key: string): void {
    if (endKeys.has(key)) return this.quit.abort();
    if (key === 'tab') return this.show(nextList(this.current));
    const { display } = this;
    const sort = display.sorts.find((word) => word[0] === key);
    if (sort !== undefined) display.sort = sort;
    const list = listNames.find((name) => name[0] === key);
    if (list !== undefined) this.show(list);
  }

  private show(list: ListName): void {
    if (list === this.current) return;
    this.current = list;
    this.switched.abort();
  }

  /** The whole screen; its last line is about the keys, or about what is wrong. */
  private lines(rows: number, columns: number): Line[] {
    const { display } = this;
    const content = display.content();
    const shown = content === null ? [] : layout(content, rows - 1, columns).slice(0, Math.max(0, rows - 1));
    const last: Line =
      display.problem === null
        ? { text: this.legend(), tone: 'faint' }
        : { text: `q quit   ${printable(display.problem.message)}`, tone: 'failure' };
    return [...shown, last];
  }

  private legend(): string {
    const others = listNames.filter((name) => name !== this.current);
    return [...this.display.sorts, ...others, 'quit'].map((word) => `${word[0]} ${word}`).join('   ');
  }
}
