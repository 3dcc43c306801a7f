/** Results of the calls and of the handshake: [receive 1], [session 7.1]. */

export const ACCEPT_SESSION = 1;
export const ILLEGAL_SPREAD = -1;
export const COULD_NOT_CONNECT = -2;
export const REJECT_QUOTA = -3;
export const REJECT_NO_NAME = -4;
export const REJECT_ILLEGAL_NAME = -5;
export const REJECT_NOT_UNIQUE = -6;
export const REJECT_VERSION = -7;
export const CONNECTION_CLOSED = -8;
export const REJECT_AUTH = -9;
export const ILLEGAL_SESSION = -11;
export const ILLEGAL_SERVICE = -12;
export const ILLEGAL_MESSAGE = -13;
export const ILLEGAL_GROUP = -14;
export const BUFFER_TOO_SHORT = -15;
export const GROUPS_TOO_SHORT = -16;
export const MESSAGE_TOO_LONG = -17;
export const NET_ERROR_ON_SESSION = -18;
export const SP_BUG = -19;
export const ILLEGAL_TIME = -20;
export const ILLEGAL_PARAM = -24;
export const WOULD_BLOCK = -25;
export const ILLEGAL_MESSAGE_TYPE = -26;
export const ILLEGAL_STATE = -27;
export const ILLEGAL_RECEIVERS = -28;
export const DECRYPT_FAILED = -50;
export const ENCRYPT_FAILED = -51;
export const GROUP_NOT_SECURE = -52;
export const ENCRYPTION_NOT_SUPPORTED = -53;
export const KEY_AGR_NOT_SUPPORTED = -54;
export const FLUSH_OK_ALREADY_SENT = -55;
export const NOT_ALLOWED_TO_SEND = -56;
export const INVALID_PARAM = -57;
/** Ours, for requests that a daemon has answered with a reject frame; no other library has these. */
export const PERMISSION_DENIED = -60;
export const TOO_MANY_GROUPS = -61;

const texts: Readonly<Record<number, readonly [name: string, text: string]>> = {
  [ACCEPT_SESSION]: ['ACCEPT_SESSION', 'the daemon accepted the session'],
  [ILLEGAL_SPREAD]: ['ILLEGAL_SPREAD', 'no such daemon address'],
  [COULD_NOT_CONNECT]: ['COULD_NOT_CONNECT', 'no connection to the daemon'],
  [REJECT_QUOTA]: ['REJECT_QUOTA', 'the daemon (or this process) has as many sessions as it allows'],
  [REJECT_NO_NAME]: ['REJECT_NO_NAME', 'the daemon requires a name'],
  [REJECT_ILLEGAL_NAME]: [
    'REJECT_ILLEGAL_NAME',
    'the name is longer than 10 bytes or has an illegal character',
  ],
  [REJECT_NOT_UNIQUE]: ['REJECT_NOT_UNIQUE', 'the name is in use at this daemon'],
  [REJECT_VERSION]: ['REJECT_VERSION', 'client and daemon versions are incompatible'],
  [CONNECTION_CLOSED]: ['CONNECTION_CLOSED', 'the connection to the daemon broke'],
  [REJECT_AUTH]: ['REJECT_AUTH', 'authentication was refused, or its method is not offered'],
  [ILLEGAL_SESSION]: ['ILLEGAL_SESSION', 'no such mailbox, or it was disconnected'],
  [ILLEGAL_SERVICE]: ['ILLEGAL_SERVICE', 'the service names none of the six message services'],
  [ILLEGAL_MESSAGE]: ['ILLEGAL_MESSAGE', 'the message, or the list of buffers, is malformed'],
  [ILLEGAL_GROUP]: ['ILLEGAL_GROUP', 'a group name has 1 to 31 characters from "$" to "~"'],
  [BUFFER_TOO_SHORT]: ['BUFFER_TOO_SHORT', 'the body is longer than the buffer'],
  [GROUPS_TOO_SHORT]: ['GROUPS_TOO_SHORT', 'there are more group names than the buffer holds'],
  [MESSAGE_TOO_LONG]: ['MESSAGE_TOO_LONG', 'body plus 32 bytes for each group exceed the size limit'],
  [NET_ERROR_ON_SESSION]: ['NET_ERROR_ON_SESSION', 'the connection of this mailbox broke earlier'],
  [SP_BUG]: ['SP_BUG', 'internal inconsistency'],
  [ILLEGAL_TIME]: ['ILLEGAL_TIME', 'the time limit is malformed'],
  [ILLEGAL_PARAM]: ['ILLEGAL_PARAM', 'illegal argument'],
  [WOULD_BLOCK]: ['WOULD_BLOCK', 'no message is waiting'],
  [ILLEGAL_MESSAGE_TYPE]: ['ILLEGAL_MESSAGE_TYPE', 'the message type is not a signed 16-bit number'],
  [ILLEGAL_STATE]: ['ILLEGAL_STATE', 'not allowed in the present state of the group'],
  [ILLEGAL_RECEIVERS]: ['ILLEGAL_RECEIVERS', 'a receiver is not a member of the view'],
  [DECRYPT_FAILED]: ['DECRYPT_FAILED', 'the message could not be decrypted'],
  [ENCRYPT_FAILED]: ['ENCRYPT_FAILED', 'the message could not be encrypted'],
  [GROUP_NOT_SECURE]: ['GROUP_NOT_SECURE', 'the group has no key'],
  [ENCRYPTION_NOT_SUPPORTED]: ['ENCRYPTION_NOT_SUPPORTED', 'the cipher is not available'],
  [KEY_AGR_NOT_SUPPORTED]: ['KEY_AGR_NOT_SUPPORTED', 'the key agreement is not available'],
  [FLUSH_OK_ALREADY_SENT]: ['FLUSH_OK_ALREADY_SENT', 'the flush was already answered'],
  [NOT_ALLOWED_TO_SEND]: ['NOT_ALLOWED_TO_SEND', 'no sending between flush and the next view'],
  [INVALID_PARAM]: ['INVALID_PARAM', 'an argument is missing'],
  [PERMISSION_DENIED]: ['PERMISSION_DENIED', 'permission denied'],
  [TOO_MANY_GROUPS]: ['TOO_MANY_GROUPS', 'the daemon has as many groups or memberships as it allows'],
};

/** The constant's name for a result, such as `BUFFER_TOO_SHORT`; `UNKNOWN(n)` for a number that is none. */
export const codeName = (code: number): string => texts[code]?.[0] ?? `UNKNOWN(${code})`;

/** One sentence without a full stop that says what the result means. */
export const codeText = (code: number): string => texts[code]?.[1] ?? 'unknown result';
