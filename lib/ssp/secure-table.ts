/**
 * The secure mailboxes of this process by their numbers. What they do is loaded with the first one: a program without any
 * loads no cryptography.
 */
import type { CallArguments, SspReceiveResult } from './receive-call.js';

/** What `SSP_get_key` answers. */
export interface KeyResult {
  /** 0, or the code that says why the key is missing. */
  ret: number;
  /** 32 bytes; with `ret` 0 only. */
  key?: Uint8Array;
}

/** The SSP calls on a secure mailbox. Arguments are as the caller gave them, but for what is typed. */
export interface SecureMailbox {
  /** Bytes that have come and were not handed out. */
  readonly waitingBytes: number;
  joinGroup(group: unknown): Promise<number>;
  leaveGroup(group: unknown): Promise<number>;
  flushGroup(group: unknown): Promise<number>;
  keyOf(group: unknown): KeyResult;
  /** @param data the pieces of the message, or the code that refuses them */
  multicast(
    service: unknown,
    group: unknown,
    messType: unknown,
    data: readonly Uint8Array[] | number,
  ): Promise<number>;
  receive(call: CallArguments): Promise<SspReceiveResult>;
  close(): Promise<void>;
  kill(): void;
}

const mailboxes = new Map<number, SecureMailbox>();

/** The secure mailbox with this number; undefined when there is none, or none any more. */
export const secureAt = (mbox: number): SecureMailbox | undefined => mailboxes.get(mbox);

export const enterSecure = (mbox: number, mailbox: SecureMailbox): unknown => mailboxes.set(mbox, mailbox);

/** The number is illegal from here on. */
export const leaveSecure = (mbox: number): boolean => mailboxes.delete(mbox);
