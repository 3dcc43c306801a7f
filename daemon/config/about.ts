/** What the reference says of an option beside its kind and default. */
import * as z from 'zod';

export interface About {
  readonly meaning: string;
  /** Whether it changes anything in this daemon. The others are read, checked and named once at start. */
  readonly effect: boolean;
  /** The default in words, for an option that the file's other parts or the kind of network decide. */
  readonly usually?: string;
}

export const abouts = z.registry<About>();

export const works = (meaning: string, usually?: string): About => ({
  meaning,
  effect: true,
  ...(usually && { usually }),
});

export const ignored = (meaning: string, usually?: string): About => ({
  ...works(meaning, usually),
  effect: false,
});
