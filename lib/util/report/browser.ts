/** `#report` without Node: nobody can subscribe, and warnings go to the console. */

/** What is reported of one kind. */
export const channel = (_name: string): { publish(message: unknown): void } => NOBODY;

const NOBODY = { publish: () => undefined };

/** Says what somebody should look after. @param type as the name of a warning */
export const warn = (text: string, type: string): void => console.warn(`${type}: ${text}`);
