/** The package without any host, as users install it: adapters that load one say what to install, and the others do not need theirs. */
import { expect } from 'chai';
import { Consumer } from '../consumer.js';

/** Adapters that load their host, and the call that does. */
const loading = [
  {
    adapter: 'ssp-toolkit/socket.io',
    host: 'socket.io-adapter',
    call: "createAdapter({ address: '4803@localhost' })",
  },
  { adapter: 'ssp-toolkit/opentelemetry', host: '@opentelemetry/api', call: 'instrument()' },
];
/** Adapters that their host is given, with one name of each. */
const others = { keyv: 'keyvStore', 'node-cron': 'coordinator', 'cluster-process': 'connectHere' };

describe('hosts: an adapter whose host is missing', () => {
  let consumer: Consumer;

  before(async () => {
    consumer = await Consumer.make();
  });
  after(async () => {
    await consumer[Symbol.asyncDispose]();
  });

  for (const { adapter, host, call } of loading) {
    it(`says what to install, and nothing else: ${adapter}`, async () => {
      consumer.write(
        'missing.mjs',
        `import { connect } from 'ssp-toolkit';
         import * as adapter from '${adapter}';
         console.log(typeof connect);
         await adapter.${call};`,
      );
      const { status, out, err } = await consumer.run(process.execPath, 'missing.mjs', []);
      expect([status, out]).to.deep.equal([1, 'function\n']);
      expect(err).to.include(`Error: install ${host} to use ${adapter}`);
      expect(err).to.not.match(/^\s+at /m);
    });
  }

  for (const [name, value] of Object.entries(others)) {
    it(`is imported as with it: ssp-toolkit/${name}`, async () => {
      consumer.write('present.mjs', `console.log(typeof (await import('ssp-toolkit/${name}')).${value});`);
      const ended = await consumer.run(process.execPath, 'present.mjs', []);
      expect(ended).to.deep.include({ status: 0, out: 'function\n', err: '' });
    });
  }
});
