import { expect } from 'chai';
import { Command, CommanderError } from 'commander';
import { type TlsFlags, tlsOf } from '../../lib/cli/session.js';
import { verb } from '../../lib/cli/values.js';
import { tlsFile, tlsText } from '../support/tls-files.js';

/** What a verb makes of its command line: its flags, or what is wrong with it. */
async function parsed(...args: readonly string[]): Promise<TlsFlags | string> {
  const command = verb(new Command('try'), ['ssp try'])
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .action(() => undefined);
  try {
    await command.parseAsync(args, { from: 'user' });
    return command.opts<TlsFlags>();
  } catch (error) {
    if (error instanceof CommanderError) return error.message;
    throw error;
  }
}

const ADDRESS = ['-a', 'tls://localhost:1'];

describe('command: TLS', () => {
  it('takes files of keys and certificates', async () => {
    const files = [
      '--ca',
      tlsFile('ca.crt'),
      '--cert',
      tlsFile('worker.crt'),
      '--key',
      tlsFile('worker.key'),
    ];
    const flags = await parsed(...ADDRESS, ...files);
    const { ca, cert, key } = tlsOf(flags as TlsFlags);
    expect([ca, cert, key].map(String)).to.deep.equal(['ca.crt', 'worker.crt', 'worker.key'].map(tlsText));
  });

  for (const [what, args, says] of [
    [
      'options of TLS without it',
      ['--ca', tlsFile('ca.crt')],
      '--ca, --cert and --key require an address tls://host:port, got 4803@localhost',
    ],
    [
      'a certificate without its key',
      [...ADDRESS, '--cert', tlsFile('worker.crt')],
      '--cert and --key require each other',
    ],
    ['a file that is not there', [...ADDRESS, '--ca', '/nowhere/ca'], 'It cannot be read: ENOENT'],
    [
      'a file of something else',
      [...ADDRESS, '--ca', tlsFile('../../../package.json')],
      'no certificate or key in the format PEM',
    ],
  ] as const) {
    it(`refuses ${what}`, async () => {
      expect(await parsed(...args))
        .to.be.a('string')
        .and.include(says);
    });
  }
});
