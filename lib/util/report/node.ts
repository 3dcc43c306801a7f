/** `#report` in Node. */
export { channel } from 'node:diagnostics_channel';

/** Says what somebody should look after. @param type as the name of a warning */
export const warn = (text: string, type: string): void => process.emitWarning(text, type);
