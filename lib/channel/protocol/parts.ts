/**
 * Bodies that are longer than one message of the group layer: pieces ahead (`part`), then the message itself with the
 * rest. All pieces are sent in one turn, and messages of one sender keep their order, so they arrive side by side.
 */
import { Buffer } from 'node:buffer';
import { MAX_PIECE } from '../limits.js';
import { encodeMessage, type Message, MESSAGE_HEADER, type MessageKind } from './message.js';

const PIECE = MAX_PIECE - MESSAGE_HEADER;

/** The messages that carry this one. @param head without its body */
export function inParts(
  kind: MessageKind,
  head: Omit<Message, 'kind' | 'body'>,
  body: Uint8Array,
): readonly Buffer[] {
  const { claim, id } = head;
  const messages: Buffer[] = [];
  let at = 0;
  for (; body.length - at > PIECE; at += PIECE) {
    // Where the piece stands and how long the whole is, so that a receiver notices what does not fit.
    const piece = { word: at, limit: body.length, body: body.subarray(at, at + PIECE) };
    messages.push(encodeMessage('part', claim, id, piece));
  }
  messages.push(encodeMessage(kind, claim, id, { ...head, body: body.subarray(at) }));
  return messages;
}

interface PartialMessage {
  readonly claim: string;
  readonly id: number;
  readonly total: number;
  readonly pieces: Buffer[];
  length: number;
}

export class Parts {
  private readonly bySender = new Map<string, PartialMessage>();

  /**
   * Takes a `part`.
   * @param limit longest body that is wanted
   * @returns false when it does not fit what came before, or is too long: it and the rest of its message are dropped
   */
  take(sender: string, { claim, id, word, limit: total, body }: Message, limit: number): boolean {
    let assembly = this.bySender.get(sender);
    if (word === 0) {
      assembly = { claim, id, total, pieces: [], length: 0 };
      this.bySender.set(sender, assembly);
    }
    const fits =
      assembly?.claim === claim &&
      assembly.id === id &&
      assembly.total === total &&
      assembly.length === word &&
      word + body.length < total &&
      total <= limit;
    if (!fits || !assembly) {
      this.bySender.delete(sender);
      return false;
    }
    // Copied: the buffer it came in is shared with other messages.
    assembly.pieces.push(Buffer.from(body));
    assembly.length += body.length;
    return true;
  }

  /** The message with its whole body; null when pieces of it are missing. */
  whole(sender: string, message: Message): Message | null {
    const assembly = this.bySender.get(sender);
    if (!assembly) return message;
    this.bySender.delete(sender);
    if (assembly.id !== message.id || assembly.claim !== message.claim) return message;
    const body = Buffer.concat([...assembly.pieces, message.body]);
    return body.length === assembly.total ? { ...message, body } : null;
  }

  /** The sender has another id. */
  rename(from: string, to: string): void {
    const partial = this.bySender.get(from);
    this.bySender.delete(from);
    if (partial) this.bySender.set(to, partial);
  }

  /** The sender is gone. */
  forget(sender: string): void {
    this.bySender.delete(sender);
  }
}
