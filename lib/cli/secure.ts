/** `ssp secure`: identities for secure groups. */
import { open } from 'node:fs/promises';
import { Argument, type Command } from 'commander';
import { generateIdentity, publicKeyText } from '../secure/index.js';
import { Failure } from './failure.js';
import { exampleText } from './text.js';

/** Nobody but the owner reads a private key. */
const OWNER_ONLY = 0o600;

interface Flags {
  readonly output?: string;
}

const examples = [
  'ssp secure keygen -o bob.pem           # prints the public key, for those who allow it',
  'ssp secure keygen | age -p > bob.age   # the private key goes to standard output',
];

export const secureCommand = (command: Command): Command =>
  command
    .addHelpText('after', exampleText(examples))
    .addArgument(new Argument('<action>', 'what to do').choices(['keygen']))
    .option('-o, --output <file>', 'new file for the private key (PKCS #8 PEM), for its owner only')
    .action(async (_: string, { output }: Flags) => {
      const { privateKey, publicKey } = generateIdentity();
      const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
      const text = `${publicKeyText(publicKey)}\n`;
      if (output === undefined) {
        process.stdout.write(pem);
        process.stderr.write(text);
      } else {
        await writeKey(output, pem);
        process.stdout.write(text);
      }
    });

async function writeKey(path: string, pem: string): Promise<void> {
  try {
    // A key that is there may be in use: it is never replaced.
    const file = await open(path, 'wx', OWNER_ONLY);
    try {
      await file.writeFile(pem);
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'it exists' : message;
    throw new Failure(`cannot write ${JSON.stringify(path)}: ${why}`, undefined, { cause: error });
  }
}
