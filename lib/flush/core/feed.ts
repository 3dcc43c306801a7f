/** From what lies in a mailbox to the inputs of the layer. */
import type { Content } from '../../mailbox/content.js';
import type { ReceivedMessage } from '../../mailbox/received-message.js';
import type { FlushLayer } from './layer.js';

/**
 * Hands a message to the layer. Refused requests are not for it.
 * @param content of the same message
 * @returns false when it does not belong to the layer
 */
export function feed(layer: FlushLayer<unknown>, arrival: ReceivedMessage, content: Content): boolean {
  switch (content.kind) {
    case 'data': {
      const { sender, service, messType: type, body } = content;
      const { senderLittle } = arrival;
      return layer.data({ sender, service, groups: arrival.names(), type, senderLittle, body });
    }
    case 'view': {
      const { group, id, cause, members, names } = content.view;
      const isNetwork = cause === 'network';
      const changed = isNetwork ? null : (names[0] ?? null);
      return layer.plainView({ group, id, cause, members, changed, vsSet: isNetwork ? names : [] });
    }
    case 'transition':
      return layer.plainTransition(content.sender);
    case 'self-leave':
      return layer.plainSelfLeave(content.sender);
  }
}
