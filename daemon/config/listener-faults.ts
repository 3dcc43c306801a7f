/** What the options of the ports of TLS and WebSockets need of each other. */
import { MAX_PORT } from './limits.js';

interface ListenerOptions {
  readonly ClientTLSPort?: number | undefined;
  readonly TLSCertificateFile?: string | undefined;
  readonly TLSKeyFile?: string | undefined;
  readonly WebSocketPort?: number | undefined;
  readonly WebSocketAddress?: object | undefined;
  readonly WebSocketTLS: boolean;
  readonly WebSocketBehindProxy: boolean;
}

/** Each with the options that can be at fault. */
export function* listenerFaults(
  options: ListenerOptions,
): Generator<readonly [culprits: (keyof ListenerOptions)[], problem: string]> {
  const { ClientTLSPort: port, TLSCertificateFile: certificate, TLSKeyFile: key } = options;
  const hasFiles = certificate !== undefined && key !== undefined;
  if (port !== undefined && !hasFiles) {
    yield [['ClientTLSPort'], 'ClientTLSPort needs TLSCertificateFile and TLSKeyFile'];
  }
  if (port !== undefined && port > MAX_PORT) {
    yield [['ClientTLSPort'], `ClientTLSPort ${port} is more than ${MAX_PORT}`];
  }
  const { WebSocketPort, WebSocketAddress, WebSocketTLS, WebSocketBehindProxy } = options;
  if (WebSocketPort !== undefined && WebSocketAddress !== undefined) {
    yield [['WebSocketAddress', 'WebSocketPort'], 'expected WebSocketPort or WebSocketAddress, got both'];
  }
  if (WebSocketTLS && !hasFiles) {
    yield [['WebSocketTLS'], 'WebSocketTLS needs TLSCertificateFile and TLSKeyFile'];
  }
  if (WebSocketTLS && WebSocketBehindProxy) {
    yield [
      ['WebSocketBehindProxy', 'WebSocketTLS'],
      'expected WebSocketTLS or WebSocketBehindProxy, got both',
    ];
  }
}
