/** The part of the library for compact views: which pages load it. */
import type { Connection } from '../client/connection.js';

let isNeeded = false;

/** Connections made from here on have compact views where their options do not say otherwise. */
export function needCompactViews(): void {
  isNeeded = true;
}

/** Whether something in the page has said that it needs them. */
export const areCompactViewsNeeded = (): boolean => isNeeded;

const without = new WeakSet<Connection>();

/** This connection was made without them. */
export function noteWithoutCompactViews(connection: Connection): Connection {
  without.add(connection);
  return connection;
}

/** Whether it was made without them. */
export const isWithoutCompactViews = (connection: Connection): boolean => without.has(connection);
