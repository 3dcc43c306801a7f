/** What a listener for browsers needs, found out before anything listens. */
import { lookup } from 'node:dns/promises';
import { checkTcp, refusal } from '../listener.js';
import { isLoopback, placeOf } from '../peer.js';
import { placeReason } from '../tcp-address.js';
import { loadTlsFiles } from '../tls-files.js';
import type { WebListenOptions } from './listener.js';
import type { Verify } from './principal.js';
import { type TokenKeyFiles, TokenKeys } from './token-keys.js';

type Given = Omit<WebListenOptions, 'hosts' | 'tls' | 'keys' | 'anonymous' | 'isLocal'> &
  TokenKeyFiles & {
    /** Null: the hosts that other clients come to. */
    readonly host: string | null;
    readonly tls: { readonly certificateFile: string; readonly keyFile: string } | null;
    readonly verify: Verify | null;
    /** Null: what is safe where it listens. */
    readonly anonymous: boolean | null;
  };

/**
 * @param listen where other clients come in
 * @throws ListenError
 */
export async function prepareWeb(
  given: Given,
  listen: readonly { readonly host: string }[],
): Promise<WebListenOptions> {
  const { host, port, behindProxy, verify } = given;
  const hosts = host === null ? [...new Set(listen.map((each) => each.host))] : [host];
  if (hosts.length === 0)
    throw refusal('the WebSocket port', 'expected a host, or a TCP address for other clients');
  const isLocal = await areLoopback(hosts, port);
  if (!isLocal && given.tls === null && !behindProxy) {
    throw refusal(
      `${hosts.map((each) => placeOf(each, port)).join(', ')} (WebSocket)`,
      'beyond the loopback interface expected TLS (WebSocketTLS), or a proxy that has it (WebSocketBehindProxy)',
    );
  }
  const keys = await TokenKeys.load(given);
  const hasProof = keys !== null || verify !== null;
  const isForHere = isLocal && !behindProxy;
  const anonymous = given.anonymous ?? (!hasProof && isForHere);
  if (!anonymous && !hasProof) {
    throw refusal(
      'the WebSocket port',
      'nobody could connect: expected WebSocketSecretFile, WebSocketKeyFile or WebSocketAnonymous = yes',
    );
  }
  const tls = given.tls && (await loadTlsFiles({ ...given.tls, port, clientCaFile: null }));
  for (const each of hosts) await checkTcp(each, port);
  return { ...given, hosts, tls, keys, anonymous, isLocal: isForHere };
}

async function areLoopback(hosts: readonly string[], port: number): Promise<boolean> {
  const addresses = hosts.map((host) =>
    lookup(host).catch((error: unknown) => {
      throw refusal(`${placeOf(host, port)} (WebSocket)`, placeReason(error));
    }),
  );
  return (await Promise.all(addresses)).every(({ address }) => isLoopback(address));
}
