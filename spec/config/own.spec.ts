import { expect } from 'chai';
import { hostname } from 'node:os';
import { daemonId, findOwn, selectOwn, type ResolvedConfiguration } from '../../daemon/config/index.js';
import { failureOf, resolved } from './support.js';

const three = resolved(`Spread_Segment 10.0.0.255 { a 10.0.0.1
  b 10.0.0.2 c 10.0.0.3 }`);
const one = (daemon: string, rest = ''): ResolvedConfiguration =>
  resolved(`Spread_Segment 10.0.0.255:4900 { ${daemon} } ${rest}`);
const localAddresses = ['127.0.0.1', '10.0.0.1', '192.0.2.9', '::1'];
const select = (daemon: string, rest = '') =>
  selectOwn(one(daemon, rest), { localAddresses, hostName: 'host9' });

const hosts = (block: string): string[] => select(`a 10.0.0.1 { ${block} }`).listen.map(({ host }) => host);

describe('findOwn', () => {
  it('finds the first daemon of the file with a local address', () => {
    expect(findOwn(three, { localAddresses: ['10.0.0.3', '10.0.0.2'] }).name).to.equal('b');
  });

  it('finds the daemon of the given name', () => {
    expect(findOwn(three, { name: 'c', localAddresses: ['10.0.0.3', '10.0.0.2'] }).name).to.equal('c');
  });

  it('finds a name that the file has longer, by its 19 characters', () => {
    const cut = one(`${'n'.repeat(25)} 10.0.0.1`);
    expect(findOwn(cut, { name: 'n'.repeat(19), localAddresses }).name).to.equal('n'.repeat(19));
  });

  it('compares IPv6 addresses in any spelling, without their zone', () => {
    const file = resolved('Spread_Segment ff02::1 { a fe80::0:1 }');
    expect(findOwn(file, { localAddresses: ['fe80::1%eth0'] }).name).to.equal('a');
  });

  it('refuses a host that no daemon belongs to', () => {
    const error = failureOf(() => findOwn(three, { localAddresses: ['127.0.0.1', '10.9.9.9'] }));
    expect(error.message).to.equal('spread.conf: no daemon has an address of this host (127.0.0.1 10.9.9.9)');
    expect([error.line, error.column]).to.deep.equal([undefined, undefined]);
  });

  it('refuses a name that is not in the file', () => {
    const error = failureOf(() => findOwn(three, { name: 'A', localAddresses }));
    expect(error.message).to.equal('spread.conf: no daemon is named "A"');
  });

  it('refuses a name of more than 19 characters', () => {
    const error = failureOf(() => findOwn(three, { name: 'n'.repeat(20), localAddresses }));
    expect(error.message).to.equal(`spread.conf: the name "${'n'.repeat(20)}" has more than 19 characters`);
  });

  it('refuses a named daemon that is not on this host', () => {
    const error = failureOf(() => findOwn(three, { name: 'b', localAddresses }));
    expect(error.message).to.equal(
      'spread.conf:2:5: 10.0.0.2, the address of "b", is not an address of this host',
    );
  });
});

describe('selectOwn', () => {
  it('gives the configuration of the own daemon', () => {
    const own = select('alpha 10.0.0.1 VirtualID = 7', 'Window = 30 MaxSessions = 5');
    expect(own).to.deep.equal({
      file: 'spread.conf',
      name: 'alpha',
      id: 7,
      daemons: [{ name: 'alpha', address: '10.0.0.1', id: 7, segment: 0 }],
      engine: 'solo',
      corosync: { group: 'ssp-toolkit', silenceTimeoutMs: 5000, library: null },
      port: 4900,
      listen: [{ host: '0.0.0.0', port: 4900 }],
      unixDir: '/tmp',
      maxSessionMessages: 1000,
      maxSessionBytes: 67_108_864,
      maxSessions: 5,
      maxSessionsPerAddress: 0,
      handshakeTimeoutMs: 5000,
      maxHandshakes: 1000,
      clientSilenceTimeoutMs: 15_000,
      authFailureDelayMs: 500,
      maxTotalBytes: 536_870_912,
      maxGroups: 200_000,
      maxMemberships: 1_000_000,
      maxGroupMembers: 200_000,
      maxPlainView: 4_400,
      clientExtension: true,
      resume: true,
      resumeWindowMs: 30_000,
      resumeBufferBytes: 67_108_864,
      resumeTimeoutMs: 10_000,
      resumeKeyFile: null,
      announce: [],
      drainTimeMs: 5000,
      ipFile: null,
      passwordFile: null,
      groupFile: null,
      cleartextPasswords: false,
      tls: null,
      web: null,
      monitor: null,
      monitorTokenFile: null,
      monitorConsole: true,
      monitorLinks: [],
      allowedAuthMethods: ['NULL'],
      requiredAuthMethods: [],
      logFile: null,
      logLevel: 'info',
      withoutEffect: ['Window'],
      warnings: [],
    });
    expect(select('alpha 10.0.0.1').id).to.equal(daemonId('alpha'));
  });

  it('listens on all IPv6 addresses without an interface block', () => {
    const file = resolved('Spread_Segment ff02::1 { a ::1 }');
    expect(selectOwn(file, { localAddresses }).listen).to.deep.equal([{ host: '::', port: 4803 }]);
  });

  it('listens on the interfaces for clients and those for everything, each once', () => {
    expect(hosts('D 10.0.0.1 C 127.0.0.1')).to.deep.equal(['127.0.0.1']);
    expect(hosts('10.0.0.1 C 127.0.0.1 M 192.0.2.9 D C 192.0.2.9 C 127.0.0.1')).to.deep.equal([
      '10.0.0.1',
      '127.0.0.1',
      '192.0.2.9',
    ]);
    expect(hosts('D 10.0.0.1')).to.deep.equal([]);
  });

  it('listens on the unspecified address alone where that is one of them', () => {
    const { listen } = select('a 10.0.0.1 { D 10.0.0.1 C 127.0.0.1 C 0.0.0.0 }');
    expect(listen).to.deep.equal([{ host: '0.0.0.0', port: 4900 }]);
  });

  it('announces addresses with the name of its host, and its own address', () => {
    const file = 'Announce = "4900@%a tls://%h:4843"';
    expect(select('a 10.0.0.1', file).announce).to.deep.equal(['4900@10.0.0.1', 'tls://host9:4843']);
    const six = resolved('Announce = "4803@%a" Spread_Segment ff02::1 { a ::1 }');
    expect(selectOwn(six, { localAddresses, hostName: 'h' }).announce).to.deep.equal(['4803@[::1]']);
  });

  it('has a listener with TLS when the file gives one', () => {
    const file = 'ClientTLSPort = 4804 TLSCertificateFile = c TLSKeyFile = k';
    const tls = { port: 4804, certificateFile: 'c', keyFile: 'k', clientCaFile: null };
    expect(select('a 10.0.0.1', file).tls).to.deep.equal(tls);
    expect(select('a 10.0.0.1', `${file} TLSClientCAFile = ca`).tls?.clientCaFile).to.equal('ca');
  });

  it('has a monitor at a TCP address, an IPv6 one, or a local socket', () => {
    const monitor = (text: string) => select('a 10.0.0.1', `MonitorAddress = "${text}"`).monitor;
    expect(monitor('localhost:0')).to.deep.equal({ host: 'localhost', port: 0 });
    expect(monitor('[::1]:9000')).to.deep.equal({ host: '::1', port: 9000 });
    expect(monitor('/run/sspd')).to.deep.equal({ path: '/run/sspd' });
  });

  it('has no local socket when its directory is empty', () => {
    expect(select('a 10.0.0.1', 'UnixSocketDir = ""').unixDir).to.equal(null);
    expect(select('a 10.0.0.1', 'UnixSocketDir = /run/sspd').unixDir).to.equal('/run/sspd');
  });

  it('puts the host name into the name of the log file', () => {
    expect(select('a 10.0.0.1', 'EventLogFile = /log/%h/%H.%d').logFile).to.equal('/log/host9/host9.%d');
    const { logFile } = selectOwn(one('a 10.0.0.1', 'EventLogFile = %h'), { localAddresses });
    expect(logFile).to.equal(hostname());
  });

  it('allows nothing when only the required methods are given', () => {
    const { allowedAuthMethods, requiredAuthMethods } = select('a 10.0.0.1', 'RequiredAuthMethods = "NULL"');
    expect([allowedAuthMethods, requiredAuthMethods]).to.deep.equal([[], ['NULL']]);
    expect(select('a 10.0.0.1', 'AllowedAuthMethods = "NULL NULL"').allowedAuthMethods).to.deep.equal([
      'NULL',
    ]);
    expect(select('a 10.0.0.1', 'AllowedAuthMethods = " "').allowedAuthMethods).to.deep.equal([]);
  });

  it('refuses a file with several daemons that each would run alone', () => {
    const error = failureOf(() => selectOwn(three, { localAddresses }));
    expect(error.message).to.equal(
      'spread.conf:2:3: several daemons need an engine that orders messages between them: Engine = corosync',
    );
  });

  it('gives all daemons of the file, in its order, to the engine that orders messages between them', () => {
    const file = resolved(`Spread_Segment 10.0.0.255 { c 10.0.0.3 VirtualID = 9
      b 10.0.0.2 } Spread_Segment 10.0.1.255 { a 10.0.1.1 }
      Engine = corosync CorosyncGroup = red CorosyncLibrary = cpg DaemonSilenceTimeout = 9000`);
    const own = selectOwn(file, { localAddresses: ['10.0.0.2'] });
    expect(own.daemons).to.deep.equal([
      { name: 'c', address: '10.0.0.3', id: 9, segment: 0 },
      { name: 'b', address: '10.0.0.2', id: daemonId('b'), segment: 0 },
      { name: 'a', address: '10.0.1.1', id: daemonId('a'), segment: 1 },
    ]);
    expect([own.name, own.engine]).to.deep.equal(['b', 'corosync']);
    expect(own.corosync).to.deep.equal({ group: 'red', silenceTimeoutMs: 9000, library: 'cpg' });
  });

  it('refuses an interface that is not on this host', () => {
    const error = failureOf(() => select('a 10.0.0.1 { D 0.0.0.0 C 10.0.0.8 }'));
    expect(error.message).to.equal('spread.conf:1:59: the interface 10.0.0.8 is not an address of this host');
  });

  describe('finds the port for browsers', () => {
    const web = (text: string) => select('a 10.0.0.1', text).web;

    it('on the addresses of other clients', () => {
      expect(web('WebSocketPort = 4805')).to.deep.equal({
        port: 4805,
        host: null,
        tls: null,
        behindProxy: false,
        origins: ['same'],
        secretFile: null,
        keyFile: null,
        audience: null,
        anonymous: null,
        maxSockets: 10_000,
        maxMessageBytes: 65_536,
        maxBufferedBytes: 1_048_576,
        pingMs: 10_000,
        idleTimeoutMs: 60_000,
        compression: false,
      });
    });

    it('on an address of its own, with TLS', () => {
      const text =
        'WebSocketAddress = "[2001:db8::1]:443" TLSCertificateFile = c TLSKeyFile = k WebSocketTLS = yes';
      expect(web(text)).to.deep.include({
        host: '2001:db8::1',
        port: 443,
        tls: { certificateFile: 'c', keyFile: 'k' },
      });
    });

    it('without TLS, though there are files for it', () => {
      expect(web('WebSocketPort = 4805 TLSCertificateFile = c TLSKeyFile = k')?.tls).to.equal(null);
    });
  });
});
