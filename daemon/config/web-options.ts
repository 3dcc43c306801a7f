/** The options of the language for WebSockets; a part of the table of all options. */
import { abouts, works } from './about.js';
import { MAX_PORT, MAX_WEB_MESSAGE, MIN_WEB_BUFFERED, MIN_WEB_MESSAGE } from './limits.js';
import { anyText, numberBetween, originRules, path, tcpAddress, wholeNumber, yesOrNo } from './values.js';

export const webOptions = {
  WebSocketPort: numberBetween(0, MAX_PORT)
    .optional()
    .register(abouts, works('TCP port for browsers, on the same addresses; 0 takes a free one.', 'none')),
  WebSocketAddress: tcpAddress()
    .optional()
    .register(abouts, works('The same on another address. One of the two may be given.', 'none')),
  WebSocketTLS: yesOrNo()
    .default(false)
    .register(
      abouts,
      works(
        'TLS 1.2 and 1.3 on that port, with TLSCertificateFile and TLSKeyFile; needed off loopback without a proxy.',
      ),
    ),
  WebSocketBehindProxy: yesOrNo()
    .default(false)
    .register(abouts, works('A proxy has the TLS: the client is the last address in `X-Forwarded-For`.')),
  WebSocketOrigins: originRules()
    .default(['same'])
    .register(
      abouts,
      works('Pages that may connect. `same`: those of the host and port that they connect to.', '`"same"`'),
    ),
  WebSocketSecretFile: path()
    .optional()
    .register(
      abouts,
      works('Secrets that tokens are signed with (HS256), `kid base64url` or `base64url` a line.', 'none'),
    ),
  WebSocketKeyFile: path()
    .optional()
    .register(
      abouts,
      works(
        'Public keys that tokens are signed with (RS256, ES256, EdDSA): PEM or a JSON Web Key Set.',
        'none',
      ),
    ),
  WebSocketAudience: anyText()
    .optional()
    .register(abouts, works('The `aud` that a token must have.', 'none: any')),
  WebSocketAnonymous: yesOrNo()
    .optional()
    .register(
      abouts,
      works(
        'Whether browsers without a token may connect.',
        '`yes` on loopback without a proxy if neither file is given, else `no`',
      ),
    ),
  WebSocketMaxSockets: wholeNumber(1)
    .default(10_000)
    .register(abouts, works('WebSockets that may be open at one time.')),
  WebSocketMaxMessage: numberBetween(MIN_WEB_MESSAGE, MAX_WEB_MESSAGE)
    .default(65_536)
    .register(abouts, works('Bytes of one WebSocket message; a larger one ends the session.')),
  WebSocketMaxBuffered: wholeNumber(MIN_WEB_BUFFERED)
    .default(1_048_576)
    .register(
      abouts,
      works('Bytes that may wait for a browser while its socket refuses them; with more its session ends.'),
    ),
  WebSocketPing: wholeNumber(0)
    .default(10_000)
    .register(
      abouts,
      works(
        'Milliseconds between two pings of a browser; silent for two of them, its session ends. 0: no pings.',
      ),
    ),
  WebSocketIdleTimeout: wholeNumber(1000)
    .default(60_000)
    .register(
      abouts,
      works(
        'Milliseconds without anything from a browser, even the answer to a ping, after which its session ends.',
      ),
    ),
  WebSocketCompression: yesOrNo()
    .default(false)
    .register(
      abouts,
      works(
        'Offers permessage-deflate for messages from 1024 bytes: takes memory and processor for each browser.',
      ),
    ),
};
