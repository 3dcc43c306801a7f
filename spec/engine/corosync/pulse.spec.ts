import { expect } from 'chai';
import type { CmapLibrary } from '../../../daemon/engine/corosync/transport/library.js';
import { Pulse } from '../../../daemon/engine/corosync/transport/pulse.js';

const TOKEN = 40;
const DESCRIPTOR = 1_000_000;
const OK = 1;
const LIBRARY = 2;
const TRY_AGAIN = 6;

/** Corosync behind its table of settings. */
class FakeTable {
  /** `busy`: lets connections in and serves no request. */
  state: 'alive' | 'busy' | 'hung' = 'alive';
  /** What its requests are answered. */
  status = OK;
  /** Connections made, and those that are open. */
  made = 0;
  open = 0;
  requests = 0;
  private waiting: ((status: number) => void)[] = [];

  readonly pulse = new Pulse(
    {
      poll: async () => 0,
      shutdown: () => {
        for (const answer of this.waiting.splice(0)) answer(LIBRARY);
        return 0;
      },
      getpeername: () => -1,
    },
    async () => this.library,
  );

  private readonly library: CmapLibrary = {
    initialize: async (handle) => {
      const status = this.state === 'hung' ? await this.never() : OK;
      if (status !== OK) return status;
      handle[0] = ++this.made;
      this.open++;
      return OK;
    },
    getUint32: async (_handle, _key, value) => {
      this.requests++;
      const status = this.state === 'alive' ? this.status : await this.never();
      value[0] = TOKEN;
      return status;
    },
    fdGet: (_handle, descriptor) => {
      descriptor[0] = DESCRIPTOR;
      return OK;
    },
    finalize: async () => {
      this.open--;
      return OK;
    },
  };

  /** What waits is answered. */
  answer(): void {
    this.state = 'alive';
    for (const answer of this.waiting.splice(0)) answer(OK);
  }

  private async never(): Promise<number> {
    return await new Promise((resolve) => this.waiting.push(resolve));
  }
}

describe('the pulse of Corosync', () => {
  let table: FakeTable;

  beforeEach(() => {
    table = new FakeTable();
  });
  afterEach(async () => {
    await table.pulse.close();
    expect(table.open, 'connections that are still open').to.equal(0);
  });

  const ask = async (): Promise<number> => await table.pulse.ask(() => undefined);
  /** What an answer that must not come would be. */
  const inTime = async (answer: Promise<number>): Promise<number | 'silence'> =>
    await Promise.race([
      answer,
      new Promise<'silence'>((resolve) => setTimeout(() => resolve('silence'), TOKEN)),
    ]);

  it('is its token timeout, asked for over one connection', async () => {
    expect([await ask(), await ask(), await ask()]).to.deep.equal([TOKEN, TOKEN, TOKEN]);
    expect([table.made, table.requests]).to.deep.equal([1, 3]);
  });

  it('is felt at one that serves no request because it forms rings: it lets in who knocks', async () => {
    await ask();
    table.state = 'busy';
    expect([await ask(), await ask()]).to.deep.equal([TOKEN, TOKEN]);
    expect([table.made, table.open, table.requests]).to.deep.equal([3, 1, 2]);
    table.answer();
    expect(await ask()).to.equal(TOKEN);
  });

  it('is not felt at one that hangs, until that answers', async () => {
    await ask();
    table.state = 'hung';
    const answer = ask();
    expect(await inTime(answer)).to.equal('silence');
    table.answer();
    expect(await answer).to.equal(TOKEN);
  });

  it('is not what the library says without asking Corosync', async () => {
    await ask();
    table.status = TRY_AGAIN;
    expect(await ask()).to.equal(TOKEN);
    expect(table.made, 'a knock').to.equal(2);
  });

  it('ends a question when it is closed', async () => {
    await ask();
    table.state = 'hung';
    const answer = ask().catch((error: unknown) => error);
    await table.pulse.close();
    expect(await answer).to.have.property('code', 'ERR_SSP_COROSYNC_FAILED');
    expect(await ask().catch((error: unknown) => error)).to.have.property('code', 'ERR_SSP_COROSYNC_FAILED');
  });
});
