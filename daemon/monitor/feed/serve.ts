/** A feed over HTTP: one answer that has no end, JSON lines in it. */
import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import type { Feeds } from './feeds.js';

/** What a browser says of where a request comes from; other programs say nothing. */
const OWN_SITE: ReadonlySet<string | undefined> = new Set([undefined, 'same-origin', 'none']);

/** Whether it is no page of another site that asks. */
export const isOwnSite = (site: string | undefined): boolean => OWN_SITE.has(site);

export const FEED_TYPE = 'application/x-ndjson; charset=utf-8';

/** Serves a feed until one of both has enough. @param group that the reader has open; null for none */
export async function serveFeed(feeds: Feeds, response: ServerResponse, group: string | null): Promise<void> {
  let close: () => void = () => undefined;
  let isGone = false;
  response.on('close', () => {
    isGone = true;
    close();
  });
  // Its end says enough.
  response.on('error', () => undefined);
  response.flushHeaders();
  close = await feeds.open(
    {
      get waiting() {
        return response.writableLength;
      },
      write: (text) => void response.write(Buffer.from(text)),
      cut: () => response.destroy(),
    },
    group,
  );
  if (isGone) close();
}
