/** What the monitor has answered for one list, and why it answers nothing now. A daemon that restarts does not end it. */
import { Failure } from '../failure.js';
import { type Content, type TopList, type ListName, listNames, lists } from './lists.js';

/** Gives a page of the monitor. @throws Failure when there is no answer */
export type Ask = <Page>(list: TopList<Page>) => Promise<Page>;

/** One list, whatever its pages are. */
export interface Display {
  /** Why the last look failed. */
  readonly problem: Failure | null;
  /** The last answer, as it came. */
  readonly page: unknown;
  /** How the rows are sorted; empty where they have one order only. */
  sort: string;
  readonly sorts: readonly string[];
  look(ask: Ask): Promise<void>;
  /** Null as long as there was no answer. */
  content(): Content | null;
}

export class TopDisplay<Page> implements Display {
  problem: Failure | null = null;
  sort: string;
  page: Page | null = null;
  private before: Page | null = null;
  private time = 0;
  private seconds = 0;

  constructor(private readonly list: TopList<Page>) {
    this.sort = list.sorts[0] ?? '';
  }

  get sorts(): readonly string[] {
    return this.list.sorts;
  }

  /** Asks for the next page; without an answer the last one stays. @throws what is no Failure */
  async look(ask: Ask): Promise<void> {
    try {
      const page = await ask(this.list);
      const now = performance.now();
      this.seconds = (now - this.time) / 1_000;
      this.time = now;
      this.before = this.page;
      this.page = page;
      this.problem = null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.problem = error;
    }
  }

  content(): Content | null {
    const { page, before, seconds, sort } = this;
    return page && this.list.content({ page, before, seconds, sort });
  }
}

export type Displays = Readonly<Record<ListName, Display>>;

/** One for each list. */
export const newDisplays = (): Displays => ({
  sessions: new TopDisplay(lists.sessions),
  groups: new TopDisplay(lists.groups),
  daemons: new TopDisplay(lists.daemons),
});

/** The list behind this one; after the last the first. */
export const nextList = (name: ListName): ListName =>
  listNames[(listNames.indexOf(name) + 1) % listNames.length] as ListName;
