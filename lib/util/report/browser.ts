/** `#report` without Node: nobody can subscribe, and warnings go to the console. */
import type { TracedOperation, Tracing } from './traced.js';

/** What is reported of one kind. */
export const channel = (_name: string): { publish(message: unknown): void } => NOBODY;

const NOBODY = {
  publish: () => undefined,
  isHeard: false,
  follow: <T>(_message: unknown, operation: () => T): T => operation(),
  followNow: <T>(_message: unknown, operation: () => T): T => operation(),
};

/** Operations of one kind. */
export const tracing = <Message extends TracedOperation>(_name: string): Tracing<Message> => NOBODY;

/** Says what somebody should look after. @param type as the name of a warning */
export const warn = (text: string, type: string): void => console.warn(`${type}: ${text}`);
