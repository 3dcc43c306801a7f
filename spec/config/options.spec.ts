import { expect } from 'chai';
import { optionNames, rowOf, timeouts, type OptionName } from '../../daemon/config/options.js';
import { defaultUnixDir } from '../../daemon/config/places.js';
import { itRefuses, parse, withDaemon } from './support.js';

const options = (text: string) => parse(withDaemon(text)).options;
const whole = (least: number): string =>
  `expected a whole number of at most 9 digits, at least ${least}, found`;
const nineTimeouts = timeouts.map((name, i) => `${name} = ${i + 1}`).join('\n');

describe('configuration options', () => {
  it('have these defaults', () => {
    expect(options('')).to.deep.equal({
      Engine: 'solo',
      CorosyncGroup: 'ssp-toolkit',
      DaemonSilenceTimeout: 5000,
      MaxSessionMessages: 1000,
      MaxSessionBytes: 67_108_864,
      MaxSessions: 10_000,
      MaxSessionsPerAddress: 0,
      HandshakeTimeout: 5000,
      MaxHandshakes: 1000,
      ClientSilenceTimeout: 15_000,
      AuthFailureDelay: 500,
      MaxTotalBytes: 536_870_912,
      MaxGroups: 200_000,
      MaxMemberships: 1_000_000,
      MaxGroupMembers: 200_000,
      MaxPlainView: 4_400,
      ClientExtension: true,
      Resume: true,
      ResumeWindow: 30_000,
      ResumeTimeout: 10_000,
      ResumeBuffer: 67_108_864,
      DrainTime: 5000,
      MonitorConsole: true,
      AllowCleartextPasswords: false,
      UnixSocketDir: '/tmp',
      WebSocketTLS: false,
      WebSocketBehindProxy: false,
      WebSocketOrigins: ['same'],
      WebSocketMaxSockets: 10_000,
      WebSocketMaxMessage: 65_536,
      WebSocketMaxBuffered: 1_048_576,
      WebSocketPing: 10_000,
      WebSocketIdleTimeout: 60_000,
      WebSocketCompression: false,
      SocketPortReuse: 'auto',
      AccessControlPolicy: 'PERMIT',
      DangerousMonitor: false,
      DaemonUser: 'spread',
      DaemonGroup: 'spread',
      RuntimeDir: '/var/run/spread',
      EventPriority: 'info',
      DebugFlags: ['PRINT', 'EXIT'],
      AcceleratedWindow: 15,
      Window: 160,
      PersonalWindow: 20,
      ExcludeSegAddrsFromHash: false,
      IgnoreMulticastJoinErrors: false,
    });
  });

  it('are all read from a file that gives every one', () => {
    const given = `
      ActiveIPVersion = IPv4
      WideAreaNetwork = No            AcceleratedRing = TRUE
      AcceleratedWindow = 10          Window = 80           PersonalWindow = 10
      ${nineTimeouts}
      MaxSessionMessages = 0          MaxSessionBytes = 999999999
      MaxSessions = 5                 MaxSessionsPerAddress = 3
      HandshakeTimeout = 250
      UnixSocketDir = ""              SocketPortReuse = ON
      RuntimeDir = /run/spread        DaemonUser = nobody   DaemonGroup = "no group"
      AllowedAuthMethods = "NULL"     RequiredAuthMethods = "  "
      AccessControlPolicy = "PERMIT"  DangerousMonitor = yes
      EventLogFile = '/var/log/%h.log'
      EventTimeStamp = "[%a %d]"      EventPreciseTimeStamp
      EventPriority = WARNING         DebugFlags = { ALL !NETWORK }
      ExcludeSegAddrsFromHash = true  IgnoreMulticastJoinErrors = yes
      MaxHandshakes = 7   AuthFailureDelay = 0   MaxTotalBytes = 1000
      MaxGroups = 20   MaxMemberships = 30   MaxGroupMembers = 40   MaxPlainView = 50
      ClientExtension = no   Resume = false
      ResumeWindow = 9000   ResumeTimeout = 0   ResumeBuffer = 0   ResumeKeyFile = r.key
      Announce = "4803@%a  tls://%h.example.org:4843 [2001:db8::1]:4803"   DrainTime = 0
      AccessIpFile = a.ip  AccessPasswordFile = a.pw  AccessGroupFile = a.groups
      AllowCleartextPasswords = yes
      ClientTLSPort = 4804  TLSCertificateFile = c.pem  TLSKeyFile = k.pem  TLSClientCAFile = ca.pem
      WebSocketPort = 4805  WebSocketTLS = yes  WebSocketBehindProxy = no
      WebSocketOrigins = "same https://*.example.com"
      WebSocketSecretFile = w.secrets  WebSocketKeyFile = w.keys  WebSocketAudience = chat  WebSocketAnonymous = no
      WebSocketMaxSockets = 5  WebSocketMaxMessage = 16384  WebSocketMaxBuffered = 65536
      WebSocketPing = 0  WebSocketIdleTimeout = 1000  WebSocketCompression = yes
      MonitorAddress = "127.0.0.1:9000"  MonitorTokenFile = token
      MonitorConsole = no
      MonitorLinks = "d2=http://192.0.2.2:4804/console  d3=https://d3.example/a?b=c"
      Engine = "corosync"
      CorosyncGroup = red!~  CorosyncLibrary = /opt/libcpg.so.4  DaemonSilenceTimeout = 1000
      ClientSilenceTimeout = 60000`;
    const parsed = parse(withDaemon(given));
    expect(parsed.options).to.deep.equal({
      ActiveIPVersion: 4,
      WideAreaNetwork: false,
      AcceleratedRing: true,
      AcceleratedWindow: 10,
      Window: 80,
      ...Object.fromEntries(timeouts.map((name, i) => [name, i + 1])),
      PersonalWindow: 10,
      MaxSessionMessages: 0,
      MaxSessionBytes: 999_999_999,
      MaxSessions: 5,
      MaxSessionsPerAddress: 3,
      HandshakeTimeout: 250,
      MaxHandshakes: 7,
      ClientSilenceTimeout: 60_000,
      AuthFailureDelay: 0,
      MaxTotalBytes: 1000,
      MaxGroups: 20,
      MaxMemberships: 30,
      MaxGroupMembers: 40,
      MaxPlainView: 50,
      ClientExtension: false,
      Resume: false,
      ResumeWindow: 9000,
      ResumeTimeout: 0,
      ResumeBuffer: 0,
      ResumeKeyFile: 'r.key',
      Announce: ['4803@%a', 'tls://%h.example.org:4843', '[2001:db8::1]:4803'],
      DrainTime: 0,
      AccessIpFile: 'a.ip',
      AccessPasswordFile: 'a.pw',
      AccessGroupFile: 'a.groups',
      AllowCleartextPasswords: true,
      ClientTLSPort: 4804,
      TLSCertificateFile: 'c.pem',
      TLSKeyFile: 'k.pem',
      TLSClientCAFile: 'ca.pem',
      WebSocketPort: 4805,
      WebSocketTLS: true,
      WebSocketBehindProxy: false,
      WebSocketOrigins: ['same', 'https://*.example.com'],
      WebSocketSecretFile: 'w.secrets',
      WebSocketKeyFile: 'w.keys',
      WebSocketAudience: 'chat',
      WebSocketAnonymous: false,
      WebSocketMaxSockets: 5,
      WebSocketMaxMessage: 16_384,
      WebSocketMaxBuffered: 65_536,
      WebSocketPing: 0,
      WebSocketIdleTimeout: 1000,
      WebSocketCompression: true,
      MonitorAddress: { host: '127.0.0.1', port: 9000 },
      MonitorTokenFile: 'token',
      MonitorConsole: false,
      MonitorLinks: [
        { name: 'd2', url: 'http://192.0.2.2:4804/console' },
        { name: 'd3', url: 'https://d3.example/a?b=c' },
      ],
      UnixSocketDir: '',
      SocketPortReuse: 'on',
      RuntimeDir: '/run/spread',
      DaemonUser: 'nobody',
      DaemonGroup: 'no group',
      AllowedAuthMethods: ['NULL'],
      RequiredAuthMethods: [],
      AccessControlPolicy: 'PERMIT',
      DangerousMonitor: true,
      EventLogFile: '/var/log/%h.log',
      EventTimeStamp: '[%a %d]',
      EventPreciseTimeStamp: true,
      EventPriority: 'warn',
      Engine: 'corosync',
      CorosyncGroup: 'red!~',
      CorosyncLibrary: '/opt/libcpg.so.4',
      DaemonSilenceTimeout: 1000,
      DebugFlags: ['ALL', '!NETWORK'],
      ExcludeSegAddrsFromHash: true,
      IgnoreMulticastJoinErrors: true,
    });
    // It excludes WebSocketPort.
    expect([...Object.keys(parsed.options), 'WebSocketAddress']).to.have.members(optionNames);
    const effective: OptionName[] = [
      'Engine',
      'CorosyncGroup',
      'CorosyncLibrary',
      'DaemonSilenceTimeout',
      'MaxSessionMessages',
      'MaxSessionBytes',
      'MaxSessions',
      'MaxSessionsPerAddress',
      'HandshakeTimeout',
      'MaxHandshakes',
      'ClientSilenceTimeout',
      'AuthFailureDelay',
      'MaxTotalBytes',
      'MaxGroups',
      'MaxMemberships',
      'MaxGroupMembers',
      'MaxPlainView',
      'ClientExtension',
      'Resume',
      'ResumeWindow',
      'ResumeTimeout',
      'ResumeBuffer',
      'ResumeKeyFile',
      'Announce',
      'DrainTime',
      'AccessIpFile',
      'AccessPasswordFile',
      'AccessGroupFile',
      'AllowCleartextPasswords',
      'ClientTLSPort',
      'TLSCertificateFile',
      'TLSKeyFile',
      'TLSClientCAFile',
      ...optionNames.filter((name) => name.startsWith('WebSocket')),
      'MonitorAddress',
      'MonitorTokenFile',
      'MonitorConsole',
      'MonitorLinks',
      'UnixSocketDir',
      'AllowedAuthMethods',
      'RequiredAuthMethods',
      'AccessControlPolicy',
      'EventLogFile',
      'EventPriority',
      'ActiveIPVersion',
    ];
    expect([...parsed.withoutEffect, ...effective]).to.have.members(optionNames);
  });

  it('name those without effect once, and only those that are given', () => {
    expect(parse(withDaemon('Window = 30\nMaxSessions = 5\nWindow = 40')).withoutEffect).to.deep.equal([
      'Window',
    ]);
  });

  it('take the later of two', () => {
    expect(options('MaxSessions = 5\nMaxSessions = 6').MaxSessions).to.equal(6);
  });

  it('take EventTimeStamp with and without a format', () => {
    expect(options('EventTimeStamp\nMaxSessions = 5').EventTimeStamp).to.equal('%m/%d/%y %H:%M:%S');
    expect(options('EventTimeStamp = %H').EventTimeStamp).to.equal('%H');
  });

  it('map EventPriority to the nearest level of the log', () => {
    const words = ['pDEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL', 'FATAL'];
    const levels = words.map((word) => options(`EventPriority = ${word}`).EventPriority);
    expect(levels).to.deep.equal(['debug', 'info', 'warn', 'error', 'fatal', 'fatal']);
  });

  it('take any window with the original ring', () => {
    expect(options('AcceleratedWindow = 99').AcceleratedWindow).to.equal(99);
    expect(options('AcceleratedWindow = 99 AcceleratedRing = false').AcceleratedWindow).to.equal(99);
  });

  it('are all described', () => {
    for (const name of optionNames) {
      const { values, meaning, fallback } = rowOf(name);
      expect(meaning, name).to.match(/^[A-Z].*\.$/);
      expect(values, name).to.not.equal('');
      expect(fallback, name).to.not.contain('undefined');
    }
    expect(timeouts).to.have.length(9);
  });

  const truth = 'expected true, yes, false or no, found';
  const rest =
    'missing: HurryTimeout, AliveTimeout, JoinTimeout, RepTimeout, SegTimeout, GatherTimeout, FormTimeout';
  itRefuses([
    [
      'a negative number',
      withDaemon('MaxSessionMessages = -5'),
      '4:22',
      `MaxSessionMessages: ${whole(0)} "-5"`,
    ],
    ['a number in quotes', withDaemon('Window = "5"'), '4:10', `Window: ${whole(1)} "5" in quotes`],
    [
      'ten digits',
      withDaemon('MaxSessionBytes = 1000000000'),
      '4:19',
      `MaxSessionBytes: ${whole(0)} "1000000000"`,
    ],
    ['a fraction', withDaemon('HandshakeTimeout = 1.5'), '4:20', `HandshakeTimeout: ${whole(1)} "1.5"`],
    ['a window of 0', withDaemon('Window = 0'), '4:10', `Window: ${whole(1)} "0"`],
    ['a personal window of 0', withDaemon('PersonalWindow = 0'), '4:18', `PersonalWindow: ${whole(1)} "0"`],
    ['a timeout of 0', withDaemon('SegTimeout = 0'), '4:14', `SegTimeout: ${whole(1)} "0"`],
    ['no session at all', withDaemon('MaxSessions = 0'), '4:15', `MaxSessions: ${whole(1)} "0"`],
    ['on for a boolean', withDaemon('DangerousMonitor = on'), '4:20', `DangerousMonitor: ${truth} "on"`],
    [
      'a boolean in quotes',
      withDaemon('WideAreaNetwork = "yes"'),
      '4:19',
      `WideAreaNetwork: ${truth} "yes" in quotes`,
    ],
    [
      'a name of JavaScript for a boolean',
      withDaemon('AcceleratedRing = constructor'),
      '4:19',
      `AcceleratedRing: ${truth} "constructor"`,
    ],
    [
      'true for SocketPortReuse',
      withDaemon('SocketPortReuse = true'),
      '4:19',
      'SocketPortReuse: expected on, off or auto, in any case, found "true"',
    ],
    [
      'an IP version in another case',
      withDaemon('ActiveIPVersion = ipv4'),
      '4:19',
      'ActiveIPVersion: expected IPv4 or IPv6, found "ipv4"',
    ],
    [
      'an unknown priority',
      withDaemon('EventPriority = DEBUG'),
      '4:17',
      'EventPriority: expected pDEBUG, INFO, WARNING, ERROR, CRITICAL or FATAL, found "DEBUG"',
    ],
    [
      'a user of 33 characters',
      withDaemon(`DaemonUser = ${'u'.repeat(33)}`),
      '4:14',
      `DaemonUser: expected a name of at most 32 characters, found "${'u'.repeat(33)}"`,
    ],
    [
      'an empty log file',
      withDaemon('EventLogFile = ""'),
      '4:16',
      'EventLogFile: expected a path, found "" in quotes',
    ],
    [
      'an unknown policy',
      withDaemon('AccessControlPolicy = DENY'),
      '4:23',
      'AccessControlPolicy: expected PERMIT, the only one in this version, found "DENY"',
    ],
    [
      'another engine',
      withDaemon('Engine = Corosync'),
      '4:10',
      'Engine: expected solo or corosync, found "Corosync"',
    ],
    [
      'a Corosync group with a blank',
      withDaemon('CorosyncGroup = "a b"'),
      '4:17',
      'CorosyncGroup: expected 1 to 127 visible ASCII characters, found "a b" in quotes',
    ],
    [
      'a Corosync group that is too long',
      withDaemon(`CorosyncGroup = ${'a'.repeat(128)}`),
      '4:17',
      `CorosyncGroup: expected 1 to 127 visible ASCII characters, found "${'a'.repeat(60)}..."`,
    ],
    [
      'a silence that every daemon would be excluded for',
      withDaemon('DaemonSilenceTimeout = 999'),
      '4:24',
      `DaemonSilenceTimeout: ${whole(1000)} "999"`,
    ],
    ...(
      [
        ['no address', ''],
        ['a local socket among the addresses', '4803@a unix:/tmp/4803'],
        ['a port that is too high', '65536@a'],
        ['a port of none', 'a:0'],
        ['nine addresses', '1@a '.repeat(9).trim()],
      ] as const
    ).map(
      ([what, text]) =>
        [
          what,
          withDaemon(`Announce = "${text}"`),
          '4:12',
          `Announce: expected 1 to 8 addresses such as 4803@host, with blanks between, found "${text}" in quotes`,
        ] as const,
    ),
    ...(
      [
        ['no link', ''],
        ['a link without a name', '=http://a/'],
        ['a link that a browser would run', 'd2=javascript:alert(1)'],
        ['a link without a host', 'd2=http://'],
        ['a link of an unknown kind', 'd2=ftp://a/'],
        ['a name that no daemon can have', `${'n'.repeat(20)}=http://a/`],
      ] as const
    ).map(
      ([what, text]) =>
        [
          what,
          withDaemon(`MonitorLinks = "${text}"`),
          '4:16',
          `MonitorLinks: expected pairs daemon=URL in quotes, with blanks between, found "${text}" in quotes`,
        ] as const,
    ),
    [
      'a fault in an option that a later one overrides',
      withDaemon('Window = 0\nWindow = 5'),
      '4:10',
      `Window: ${whole(1)} "0"`,
    ],

    [
      'an unknown method',
      withDaemon('AllowedAuthMethods = "null"'),
      '4:22',
      'AllowedAuthMethods: expected NULL, IP or PWORD, found "null"',
    ],

    [
      'a TLS port without a certificate',
      withDaemon('ClientTLSPort = 4804'),
      '4:17',
      'ClientTLSPort needs TLSCertificateFile and TLSKeyFile',
    ],
    [
      'a TLS port that is none',
      withDaemon('TLSCertificateFile = c TLSKeyFile = k\nClientTLSPort = 65536'),
      '5:17',
      'ClientTLSPort 65536 is more than 65535',
    ],
    [
      'a port for browsers at two places',
      withDaemon('WebSocketPort = 4805 WebSocketAddress = "[::1]:4805"'),
      '4:41',
      'expected WebSocketPort or WebSocketAddress, got both',
    ],
    [
      'a port for browsers that is none',
      withDaemon('WebSocketPort = 65536'),
      '4:17',
      'WebSocketPort: expected a whole number from 0 to 65535, found "65536"',
    ],
    [
      'a path for the address of browsers',
      withDaemon('WebSocketAddress = "/run/web"'),
      '4:20',
      'WebSocketAddress: expected host:port in quotes, found "/run/web" in quotes',
    ],
    [
      'TLS for browsers without a certificate',
      withDaemon('WebSocketPort = 4805 WebSocketTLS = yes'),
      '4:37',
      'WebSocketTLS needs TLSCertificateFile and TLSKeyFile',
    ],
    [
      'TLS for browsers here and at a proxy',
      withDaemon('TLSCertificateFile = c TLSKeyFile = k\nWebSocketTLS = yes WebSocketBehindProxy = yes'),
      '5:43',
      'expected WebSocketTLS or WebSocketBehindProxy, got both',
    ],
    [
      'an origin with a path',
      withDaemon('WebSocketOrigins = "same https://a.example/"'),
      '4:20',
      'WebSocketOrigins: expected 1 to 64 of "same", "*", or an origin such as https://example.com or https://*.example.com, with blanks between, found "same https://a.example/" in quotes',
    ],
    [
      'messages of browsers that no session could need',
      withDaemon('WebSocketMaxMessage = 131073'),
      '4:23',
      'WebSocketMaxMessage: expected a whole number from 16384 to 131072, found "131073"',
    ],
    [
      'a monitor address without a port',
      withDaemon('MonitorAddress = localhost'),
      '4:18',
      'MonitorAddress: expected host:port in quotes, or the path of a local socket, found "localhost"',
    ],
    [
      'a personal window above the window',
      withDaemon('Window = 20\nPersonalWindow = 21'),
      '5:18',
      'PersonalWindow 21 is more than Window, which is 20',
    ],
    [
      'a window below the default personal window',
      withDaemon('Window = 19'),
      '4:10',
      'PersonalWindow 20 is more than Window, which is 19',
    ],
    [
      'an accelerated window above the personal window',
      withDaemon('AcceleratedRing = yes AcceleratedWindow = 21'),
      '4:43',
      'AcceleratedWindow 21 is more than PersonalWindow, which is 20',
    ],
    [
      'a personal window below the default accelerated one',
      withDaemon('AcceleratedRing = yes PersonalWindow = 14'),
      '4:40',
      'AcceleratedWindow 15 is more than PersonalWindow, which is 14',
    ],
    [
      'some of the nine timeouts',
      withDaemon('LookupTimeout = 5\nTokenTimeout = 5'),
      '5:16',
      `all 9 timeouts are given or none; ${rest}`,
    ],
  ]);

  it('take the sample list of debug flags, its marks standing free', () => {
    expect(options('DebugFlags = { ALL ! DATA_LINK !NETWORK }').DebugFlags).to.deep.equal([
      'ALL',
      '!DATA_LINK',
      '!NETWORK',
    ]);
  });

  it('refuse an unknown debug flag, and one in quotes', () => {
    for (const flag of ['Network', '!', '! !', '! !ALL', '! "ALL"', '"ALL"', 'ALL;']) {
      itFailsAt(`DebugFlags = { PRINT ${flag} }`);
    }
  });

  it('have no local socket on Windows, which has no /tmp', () => {
    expect([defaultUnixDir('win32'), defaultUnixDir('linux'), defaultUnixDir('darwin')]).to.deep.equal([
      '',
      '/tmp',
      '/tmp',
    ]);
  });

  it('refuse a local socket directory that leaves no room for the port', () => {
    expect(options(`UnixSocketDir = /${'d'.repeat(100)}`).UnixSocketDir).to.have.length(101);
    itFailsAt(`UnixSocketDir = /${'d'.repeat(101)}`);
  });
});

function itFailsAt(text: string): void {
  const column = text.indexOf('= ') + 3;
  expect(() => options(text)).to.throw(`spread.conf:4:${column}: ${text.split(' ')[0]}: expected `);
}
