/**
 * Machines that fall silent: the cable is pulled, and no packet says so. One machine holds a client of each sort, idle
 * ones and ones to which data are on their way; another one lives, and its client does not read.
 */
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { createDaemon } from '../../daemon/index.js';
import { connect, type Group } from '../../lib/index.js';
import { skipWithoutNamespaces } from '../support/cluster/available.js';
import { Lan } from '../support/cluster/lan.js';
import { tlsOn } from '../support/tls-files.js';
import { eventually } from '../support/wait.js';
import { keepLog } from '../session/session-fixture.js';

const SILENT = fileURLToPath(new URL('silent-client.js', import.meta.url));
const LAZY = fileURLToPath(new URL('lazy-client.js', import.meta.url));
/** The machines. */
const GONE = 1;
const LIVING = 2;

/** The shortest there is. */
const TIMEOUT = 1_000;
/** On a busy machine, with ten thousand connections of other specs in the kernel's table, a look takes its time. */
const LIMIT = 30_000;
/** More than the kernel takes for a client that does not read. */
const LAZY_MESSAGES = 40;
const LAZY_BYTES = 140_000;

const IDLE = ['c-quiet', 'idle', 'idle-tls', 'talker'];
const BUSY = ['busy', 'busy-tls', 'c-noisy'];

const namesIn = ({ members }: Group): string[] =>
  members.map((member) => member.split('#')[1] as string).toSorted();

describe('silent peers', function () {
  this.timeout(3 * LIMIT);

  /** Sends to the noisy group all the time. */
  let noise: NodeJS.Timeout | undefined;

  before(skipWithoutNamespaces);

  afterEach(() => clearInterval(noise));

  it('leave their groups, idle or not, and notice it themselves; one that does not read stays', async () => {
    await using lan = new Lan(2);
    const log = keepLog();
    await using daemon = await createDaemon({
      name: 'dmn1',
      listen: [lan.address, '127.0.0.1'].map((host) => ({ host, port: 0 })),
      tls: tlsOn(),
      limits: { clientSilenceTimeoutMs: TIMEOUT },
      logger: log,
    });
    const [outer, inner] = daemon.addresses.map(({ host, port }) => `${port}@${host}`) as [string, string];
    await using observer = await connect({ address: inner, name: 'observer' });
    const groups = [await observer.join('quiet'), await observer.join('noisy')] as const;
    const members = (): string[][] =>
      groups.map((each) => namesIn(each).filter((name) => name !== 'observer'));

    lan.start(GONE, process.execPath, SILENT, outer, String(daemon.tlsPort), String(TIMEOUT));
    const lazy = lan.start(LIVING, process.execPath, LAZY, outer, String(LAZY_MESSAGES));
    const printed = (machine: number): string[] =>
      readFileSync(lan.outputOf(machine), 'utf8').trim().split('\n');
    await eventually(() => [GONE, LIVING].every((each) => printed(each)[0] === 'ready'), 'all clients');
    expect(members()).to.deep.equal([IDLE, BUSY]);

    noise = setInterval(() => void observer.send('noisy', 'noise').catch(() => undefined), 50);
    lazy.freeze();
    for (let i = 0; i < LAZY_MESSAGES; i++) await observer.sendTo('lazy', Buffer.alloc(LAZY_BYTES));
    await eventually(() => daemon.status.waitingBytes > 0, 'more than the lazy one takes');

    lan.cut(GONE);
    await eventually(() => members().every((each) => each.length === 0), 'the silent ones to leave', LIMIT);
    expect(members()).to.deep.equal([[], []]);
    expect(daemon.counters.ends).to.deep.equal({ silent: IDLE.length + BUSY.length });
    const ended = log.lines.filter(({ fields }) => fields['reason'] === 'silent');
    expect(ended.map(({ level, message }) => `${level} ${message}`)).to.deep.equal(
      ended.map(() => 'warn session ended'),
    );
    // Its holder can come back elsewhere.
    const again = await connect({ address: inner, name: 'idle' });
    await again.close();

    await eventually(() => printed(GONE).length === 6, 'the silent daemon to be noticed', LIMIT);
    for (const line of printed(GONE).slice(1)) {
      const { name, reason, ...rest } = JSON.parse(line) as { name: string; reason: string };
      expect([name, rest]).to.deep.equal([
        name,
        { error: 'ConnectionClosedError', code: 'ERR_SSP_CONNECTION_CLOSED', later: [0, false, false] },
      ]);
      expect(reason).to.match(/^(ETIMEDOUT|EHOSTUNREACH)$/);
    }

    lazy.thaw();
    await eventually(() => printed(LIVING).length === 2, 'the lazy one to read');
    expect(printed(LIVING)).to.deep.equal(['ready', 'taken']);
    expect(daemon.counters.ends).to.deep.equal({ silent: IDLE.length + BUSY.length, requested: 1 });
  });
});
