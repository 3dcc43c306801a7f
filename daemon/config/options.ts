/**
 * The options of the language: [daemon 4.4], and a few of our own in the same style. This table is the
 * single source of every option's name, type, default, check and meaning; the grammar takes its keywords from it,
 * and docs/reference/configuration.md is generated from it.
 */
import * as z from 'zod';
import { type About, abouts, ignored, works } from './about.js';
import { listenerFaults } from './listener-faults.js';
import { monitorOptions } from './monitor-options.js';
import { defaultUnixDir } from './places.js';
import {
  account,
  choice,
  choiceInAnyCase,
  clientAddresses,
  flag,
  flagList,
  flagOrFormat,
  groupName,
  kinds,
  methods,
  oneOf,
  only,
  path,
  socketDirectory,
  wholeNumber,
  yesOrNo,
  type Kind,
} from './values.js';
import { webOptions } from './web-options.js';

/** `EventPriority`, and the pino level that comes closest. pino has nothing between error and fatal. */
export const priorities = {
  pDEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'fatal',
  FATAL: 'fatal',
} as const;

/** The event categories of DebugFlags. */
export const debugFlags = `
  ALL NONE EXIT PRINT DEBUG DATA_LINK NETWORK PROTOCOL SESSION CONFIGURATION
  MEMBERSHIP FLOW_CONTROL STATUS EVENTS GROUPS MEMORY SKIPLIST ACM SECURITY`
  .trim()
  .split(/\s+/);

export const families = { IPv4: 4, IPv6: 6 } as const;
export const reuse = ['on', 'off', 'auto'];

/** What can order messages. */
const engines = ['solo', 'corosync'] as const;

const authMethods = ['NULL', 'IP', 'PWORD'];

const milliseconds = () => wholeNumber(1).optional();
const timeout = (role: string, seconds: string) => ignored(`Engine timeout, milliseconds: ${role}.`, seconds);

const table = z.object({
  // The daemon and its clients.
  Engine: oneOf(engines)
    .default('solo')
    .register(abouts, works('What orders the messages: this daemon alone, or Corosync for several daemons.')),
  CorosyncGroup: groupName()
    .default('ssp-toolkit')
    .register(abouts, works('Group in Corosync by which the daemons of one cluster find each other.')),
  CorosyncLibrary: path()
    .optional()
    .register(abouts, works('File of libcpg, if the system does not find it.', '`libcpg.so.4`')),
  DaemonSilenceTimeout: wholeNumber(1000)
    .default(5000)
    .register(
      abouts,
      works(
        'Milliseconds without a message after which a daemon is excluded from the cluster until it sends one.',
      ),
    ),
  MaxSessionMessages: wholeNumber(0)
    .default(1000)
    .register(
      abouts,
      works('Messages that may wait for a client that has stopped reading; with one more its session ends.'),
    ),
  MaxSessionBytes: wholeNumber(0)
    .default(67_108_864)
    .register(abouts, works('Bytes that may wait for one client; with more its session ends.')),
  MaxSessions: wholeNumber(1)
    .default(10_000)
    .register(abouts, works('Clients that may be connected at one time.')),
  MaxSessionsPerAddress: wholeNumber(0)
    .default(0)
    .register(abouts, works('Clients per IPv4 address or IPv6 network of 64 bits; 0 for no limit.')),
  HandshakeTimeout: wholeNumber(1)
    .default(5000)
    .register(
      abouts,
      works('Milliseconds that a client has for the whole handshake, including a wait for its name.'),
    ),
  MaxHandshakes: wholeNumber(1)
    .default(1000)
    .register(abouts, works('Handshakes that run at one time; further clients wait for their turn.')),
  ClientSilenceTimeout: wholeNumber(1000)
    .default(15_000)
    .register(
      abouts,
      works("Milliseconds without a sign of life from a client's machine after which its session ends."),
    ),
  AuthFailureDelay: wholeNumber(0)
    .default(500)
    .register(
      abouts,
      works('Milliseconds before the first wrong password is answered; later ones take longer.'),
    ),
  MaxTotalBytes: wholeNumber(1)
    .default(536_870_912)
    .register(
      abouts,
      works(
        'Bytes that may wait for all clients together; with more, the session with the most waiting ends.',
      ),
    ),
  MaxGroups: wholeNumber(1)
    .default(200_000)
    .register(abouts, works('Groups in the cluster beyond which this daemon refuses joins to new ones.')),
  MaxMemberships: wholeNumber(1)
    .default(1_000_000)
    .register(abouts, works('Memberships in the cluster beyond which this daemon refuses joins.')),
  MaxGroupMembers: wholeNumber(1)
    .default(200_000)
    .register(abouts, works('Members of a group beyond which this daemon refuses joins to it.')),
  MaxPlainView: wholeNumber(1)
    .default(4_400)
    .register(
      abouts,
      works('Members of a group beyond which clients that need whole lists in each view cannot stay in it.'),
    ),
  ClientExtension: yesOrNo()
    .default(true)
    .register(
      abouts,
      works("Offers compact views and reconnecting to this toolkit's clients; other clients never see it."),
    ),
  Resume: yesOrNo()
    .default(true)
    .register(abouts, works('Grants clients more of ClientExtension than compact views.')),
  ResumeWindow: wholeNumber(1000)
    .default(30_000)
    .register(
      abouts,
      works('Milliseconds after its end for which a client can come back to its session at any daemon.'),
    ),
  ResumeBuffer: wholeNumber(0)
    .default(67_108_864)
    .register(
      abouts,
      works('Bytes of the last messages that are kept for clients that come back; 0: they get a gap.'),
    ),
  ResumeTimeout: wholeNumber(0)
    .default(10_000)
    .register(
      abouts,
      works('Most milliseconds for which a session is held without a connection, if its client wants that.'),
    ),
  ResumeKeyFile: path()
    .optional()
    .register(
      abouts,
      works(
        'File of at least 32 bytes, the same at all daemons, that seals tokens of clients that come back.',
      ),
    ),
  Announce: clientAddresses()
    .optional()
    .register(
      abouts,
      works(
        'Where clients reach this daemon, for those of the others; `%h` is the host, `%a` its address in this file.',
        'the address that each client came to',
      ),
    ),
  DrainTime: wholeNumber(0)
    .default(5000)
    .register(
      abouts,
      works('Milliseconds for clients to go to another daemon when this one is asked to stop.'),
    ),
  UnixSocketDir: socketDirectory()
    .default(defaultUnixDir())
    .register(
      abouts,
      works('Directory of the local socket, a file named like the port.', '`/tmp`; none on Windows'),
    ),
  ...monitorOptions,
  SocketPortReuse: choiceInAnyCase(reuse)
    .default('auto')
    .register(
      abouts,
      ignored('Address reuse on the TCP listener. Here it is always on, so a restart never waits.'),
    ),

  // Authentication and permissions.
  AllowedAuthMethods: methods(authMethods)
    .optional()
    .register(
      abouts,
      works('Methods that a client may choose.', '`"NULL"` if neither option is given, else none'),
    ),
  RequiredAuthMethods: methods(authMethods)
    .optional()
    .register(abouts, works('Methods that are checked in addition, whatever the client chooses.', 'none')),
  AccessIpFile: path()
    .optional()
    .register(
      abouts,
      works('Rules of the method IP.', '`spread.access_ip` in the working directory, then in `/etc`'),
    ),
  AccessPasswordFile: path()
    .optional()
    .register(
      abouts,
      works(
        'Users and hashes of the method PWORD.',
        '`spread.access_pword` in the working directory, then in `/etc`',
      ),
    ),
  AccessGroupFile: path()
    .optional()
    .register(abouts, works('Permissions to join groups and to send.', 'none: everybody may do everything')),
  AllowCleartextPasswords: yesOrNo()
    .default(false)
    .register(abouts, works('Allows PWORD without TLS on addresses other than loopback.')),
  ClientTLSPort: wholeNumber(1)
    .optional()
    .register(abouts, works('TCP port for clients with TLS, on the same addresses.', 'none')),
  TLSCertificateFile: path()
    .optional()
    .register(abouts, works('Certificate chain of the daemon, PEM; needed with ClientTLSPort.', 'none')),
  TLSKeyFile: path()
    .optional()
    .register(abouts, works('Key of the certificate, PEM; needed with ClientTLSPort.', 'none')),
  TLSClientCAFile: path()
    .optional()
    .register(
      abouts,
      works('Authorities, PEM; if given, every TLS client needs a certificate of one of them.', 'none'),
    ),
  ...webOptions,
  AccessControlPolicy: only('PERMIT')
    .default('PERMIT')
    .register(abouts, works('Decides what a client may do.')),
  DangerousMonitor: yesOrNo()
    .default(false)
    .register(abouts, ignored('Allows the monitor to cause partitions and stop daemons.')),
  DaemonUser: account().default('spread').register(abouts, ignored('User after a start as root.')),
  DaemonGroup: account().default('spread').register(abouts, ignored('Group after a start as root.')),
  RuntimeDir: path()
    .default('/var/run/spread')
    .register(abouts, ignored('Root directory after a start as root.')),

  // The log.
  EventLogFile: path()
    .optional()
    .register(abouts, works('Log file; `%h` and `%H` stand for the host name.', 'standard error')),
  EventPriority: choice(priorities)
    .default('info')
    .register(abouts, works('Minimum level of the log.', '`INFO`')),
  EventTimeStamp: flagOrFormat('%m/%d/%y %H:%M:%S')
    .optional()
    .register(abouts, ignored('Time in every log line. Here every line has it.')),
  EventPreciseTimeStamp: flag().optional().register(abouts, ignored('Microseconds in the time.')),
  DebugFlags: flagList('categories', debugFlags)
    .default(['PRINT', 'EXIT'])
    .register(abouts, ignored('Categories of messages that are logged.', '`{ PRINT EXIT }`')),

  // The network between daemons.
  ActiveIPVersion: choice(families)
    .optional()
    .register(
      abouts,
      works(
        'Family of all addresses, if the option stands before the first daemon.',
        'the family of the first daemon',
      ),
    ),
  WideAreaNetwork: yesOrNo()
    .optional()
    .register(abouts, ignored('Selects default timeouts.', '`true` if there is more than one segment')),
  AcceleratedRing: yesOrNo()
    .optional()
    .register(abouts, ignored('Selects the ring protocol.', 'the opposite of WideAreaNetwork')),
  AcceleratedWindow: wholeNumber(0)
    .default(15)
    .register(abouts, ignored('Packets sent after the token; at most PersonalWindow with AcceleratedRing.')),
  Window: wholeNumber(1)
    .default(160)
    .register(abouts, ignored('Packets of all daemons in one round of the token.')),
  PersonalWindow: wholeNumber(1)
    .default(20)
    .register(abouts, ignored('Packets of one daemon in one visit of the token; at most Window.')),
  TokenTimeout: milliseconds().register(abouts, timeout('the token is lost', '1250, wide area 5000')),
  HurryTimeout: milliseconds().register(abouts, timeout('the token is sent again', '500, wide area 1500')),
  AliveTimeout: milliseconds().register(abouts, timeout('"alive" is repeated', '250')),
  JoinTimeout: milliseconds().register(abouts, timeout('a join request is repeated', '250')),
  RepTimeout: milliseconds().register(abouts, timeout('a representative is given up', '625, wide area 1250')),
  SegTimeout: milliseconds().register(abouts, timeout('others of the segment are heard', '500')),
  GatherTimeout: milliseconds().register(abouts, timeout('representatives gather', '1250, wide area 2500')),
  FormTimeout: milliseconds().register(abouts, timeout('a ring is formed', '1250, wide area 2500')),
  LookupTimeout: milliseconds().register(
    abouts,
    timeout('unknown daemons are looked for', '30000, wide area 45000'),
  ),
  ExcludeSegAddrsFromHash: yesOrNo()
    .default(false)
    .register(abouts, ignored('Allows daemons to differ in their segment addresses.')),
  IgnoreMulticastJoinErrors: yesOrNo()
    .default(false)
    .register(abouts, ignored('Continues as long as one segment address can be joined.')),
});

/** All options, as the schema gives them: those not in the file have their default. */
export type Options = z.output<typeof table>;
export type OptionName = keyof Options;

export const isOptionName = (word: PropertyKey): word is OptionName => Object.hasOwn(table.shape, word);
export const optionNames = Object.keys(table.shape).filter(isOptionName);

/** The check of one option's value by itself. */
export const optionSchema = (name: OptionName): z.ZodType => table.shape[name];

/** The nine timeouts of the membership protocol: all are given, or none [daemon 4.4]. */
export const timeouts = optionNames.filter((name) => name.endsWith('Timeout') && !rowOf(name).effect);

/** The check of a file's options together. An issue's path names who can be at fault: the first that was given is. */
export const optionsSchema = table.superRefine((options, context) => {
  const fault = (culprits: OptionName[], message: string): void =>
    context.addIssue({ code: 'custom', path: culprits, message });
  const { Window, PersonalWindow, AcceleratedRing, AcceleratedWindow } = options;

  if (PersonalWindow > Window) {
    fault(
      ['PersonalWindow', 'Window'],
      `PersonalWindow ${PersonalWindow} is more than Window, which is ${Window}`,
    );
  }
  if (AcceleratedRing === true && AcceleratedWindow > PersonalWindow) {
    fault(
      ['AcceleratedWindow', 'PersonalWindow'],
      `AcceleratedWindow ${AcceleratedWindow} is more than PersonalWindow, which is ${PersonalWindow}`,
    );
  }
  for (const [culprits, problem] of listenerFaults(options)) fault(culprits, problem);
  const given = timeouts.filter((name) => options[name] !== undefined);
  const [first] = given;
  if (first !== undefined && given.length < timeouts.length) {
    const missing = timeouts.filter((name) => !given.includes(name));
    fault([first], `all ${timeouts.length} timeouts are given or none; missing: ${missing.join(', ')}`);
  }
});

/** One row of the reference. */
export interface OptionRow extends Kind, About {
  readonly name: OptionName;
  /** What holds when the option is not given. */
  readonly fallback: string;
}

export const formOf = (name: OptionName): Kind['form'] => rowOf(name).form;

/** What there is to know of an option. */
export function rowOf(name: OptionName): OptionRow {
  const schema = table.shape[name];
  const kind = kinds.get(schema.unwrap());
  const about = abouts.get(schema);
  if (!kind || !about) throw new TypeError(`the option ${name} is not described`);
  const value: unknown = schema.safeParse(undefined).data;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const fallback = about.usually ?? (value === undefined ? 'off' : `\`${text}\``);
  return { name, ...kind, ...about, fallback };
}
