/** What a trace tells of what is delivered. */
import { decode, type Message, type Statement } from '../../../lib/recipes/core/replicated/messages.js';
import type { DataEntry } from '../../support/group-network/daemon.js';

export function entryText({ sender, to, body }: DataEntry): string {
  const message = decode(body);
  return `${sender}${to === null ? '' : ` to ${to.join(' ')}`}: ${message ? messageText(message) : '?'}`;
}

function messageText(message: Message): string {
  switch (message.kind) {
    case 'state':
      return `state ${statementText(message.statement)}, round ${message.tag.round}`;
    case 'vote':
      return `vote for ${message.epoch}`;
    case 'command':
      return `command ${message.payload.toString()} (${message.sequence} of ${message.instance})`;
    case 'offer':
      return `offer of ${message.capture} for ${message.ask}`;
    case 'arrived':
      return `arrived ${message.ask}`;
    case 'pull':
    case 'chunk':
      return `${message.kind} of ${message.capture} at ${message.offset}`;
    default:
      return message.kind;
  }
}

function statementText({ state, tookPart, promised, ask }: Statement): string {
  const held = state
    ? `epoch ${state.epoch}, position ${state.position}, lineage ${state.lineage % 10_000}`
    : 'nothing';
  return `${held}${tookPart ? ', took part' : ''}, promised ${promised}, asks ${ask}`;
}
