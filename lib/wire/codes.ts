/** Results of the calls and of the handshake: [receive 1], [session 7.1]. */

/** The daemon accepted the session. */
export const ACCEPT_SESSION = 1;
/** The address of the daemon is malformed, or its host is unknown. */
export const ILLEGAL_SPREAD = -1;
/** The connection to the daemon could not be made, or the daemon closed it at once. */
export const COULD_NOT_CONNECT = -2;
/** The daemon, or this process, has as many sessions as it allows. */
export const REJECT_QUOTA = -3;
/** The daemon requires a name and was given none. */
export const REJECT_NO_NAME = -4;
/** The private name is longer than 10 bytes or has an illegal character. */
export const REJECT_ILLEGAL_NAME = -5;
/** The private name is in use at this daemon. */
export const REJECT_NOT_UNIQUE = -6;
/** The versions of client and daemon are incompatible. */
export const REJECT_VERSION = -7;
/** The connection broke during the call, or the handshake was not over in time. */
export const CONNECTION_CLOSED = -8;
/** Authentication failed, or the daemon does not offer the method. */
export const REJECT_AUTH = -9;
/** The mailbox does not exist, or was disconnected. */
export const ILLEGAL_SESSION = -11;
/** The service does not name exactly one of the six message services. */
export const ILLEGAL_SERVICE = -12;
/** The message, or the list of buffers, is malformed. */
export const ILLEGAL_MESSAGE = -13;
/** A group name is empty, longer than 31 bytes, or has an illegal character. */
export const ILLEGAL_GROUP = -14;
/** The buffer is too short for the body, which was cut or not taken: see the receive calls. */
export const BUFFER_TOO_SHORT = -15;
/** The array is too short for the group names: see the receive calls. */
export const GROUPS_TOO_SHORT = -16;
/** The body and the names of the groups are longer than the protocol allows. */
export const MESSAGE_TOO_LONG = -17;
/** The connection of this mailbox broke earlier (SP calls). */
export const NET_ERROR_ON_SESSION = -18;
/** Internal inconsistency of the C library; never answered here. */
export const SP_BUG = -19;
/** The time limit is malformed. */
export const ILLEGAL_TIME = -20;
/** An argument has the wrong type or is out of range. */
export const ILLEGAL_PARAM = -24;
/** DONT_BLOCK was given and no message is waiting. */
export const WOULD_BLOCK = -25;
/** The message type is not an integer from -32768 to 32767. */
export const ILLEGAL_MESSAGE_TYPE = -26;
/** The call is not allowed in the present state of the group. */
export const ILLEGAL_STATE = -27;
/** A receiver is not a member of the view. */
export const ILLEGAL_RECEIVERS = -28;
/** The message could not be decrypted. */
export const DECRYPT_FAILED = -50;
/** The message could not be encrypted. */
export const ENCRYPT_FAILED = -51;
/** The group has no key. */
export const GROUP_NOT_SECURE = -52;
/** The cipher is not available. */
export const ENCRYPTION_NOT_SUPPORTED = -53;
/** The key agreement is not available. */
export const KEY_AGR_NOT_SUPPORTED = -54;
/** The flush of this view was already answered. */
export const FLUSH_OK_ALREADY_SENT = -55;
/** No message may be sent between the flush and the next view. */
export const NOT_ALLOWED_TO_SEND = -56;
/** An argument of the flush or secure calls is missing. */
export const INVALID_PARAM = -57;
/** Of this toolkit: a policy of the daemon refused the request, which came back as a reject frame. */
export const PERMISSION_DENIED = -60;
/** Of this toolkit: the daemon has as many groups or memberships as it allows. */
export const TOO_MANY_GROUPS = -61;
/** Of this toolkit: the group has too many members. */
export const TOO_MANY_MEMBERS = -62;

/** Name and sentence of each result that errors are made of; `call-texts.ts` has the others. */
export const texts: Readonly<Record<number, readonly [name: string, text: string]>> = {
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
  [ILLEGAL_TIME]: ['ILLEGAL_TIME', 'the time limit is malformed'],
  [ILLEGAL_PARAM]: ['ILLEGAL_PARAM', 'illegal argument'],
  [WOULD_BLOCK]: ['WOULD_BLOCK', 'no message is waiting'],
  [ILLEGAL_MESSAGE_TYPE]: ['ILLEGAL_MESSAGE_TYPE', 'the message type is not a signed 16-bit number'],
  [ILLEGAL_STATE]: ['ILLEGAL_STATE', 'not allowed in the present state of the group'],
  [ILLEGAL_RECEIVERS]: ['ILLEGAL_RECEIVERS', 'a receiver is not a member of the view'],
  [PERMISSION_DENIED]: ['PERMISSION_DENIED', 'permission denied'],
  [TOO_MANY_GROUPS]: ['TOO_MANY_GROUPS', 'the daemon has as many groups or memberships as it allows'],
  [TOO_MANY_MEMBERS]: ['TOO_MANY_MEMBERS', 'the group has too many members'],
};

/** The constant's name for a result, such as `BUFFER_TOO_SHORT`; `UNKNOWN(n)` for a number that is none. */
export const codeName = (code: number, all = texts): string => all[code]?.[0] ?? `UNKNOWN(${code})`;

/** One sentence without a full stop that says what the result means. */
export const codeText = (code: number, all = texts): string => all[code]?.[1] ?? 'unknown result';
