/** What all verbs share: the way they are declared. */
import { Command, Option } from 'commander';
import { SERVICES } from '../group/service.js';
import { ADDRESS_FORMS } from '../mailbox/address.js';
import { checkTlsFlags, tlsOptions } from './tls-flags.js';
import { address, DEFAULT_ADDRESS, privateName } from './values.js';

const ENVIRONMENT = 'SSP_USER and SSP_PASSWORD in the environment answer a daemon that asks for them.';

/** @param example what a person would type, lines of it */
export function verb(name: string, description: string, example: readonly string[]): Command {
  const command = new Command(name)
    .description(description)
    .addOption(
      new Option('-a, --address <address>', `where the daemon is: ${ADDRESS_FORMS}`)
        .env('SSP_ADDRESS')
        .default(DEFAULT_ADDRESS)
        .argParser(address),
    )
    .helpOption('-h, --help', 'print this help')
    .hook('preAction', checkTlsFlags)
    .addHelpText('after', `\nExample:\n${example.map((line) => `  ${line}`).join('\n')}\n\n${ENVIRONMENT}`)
    .allowExcessArguments(false);
  for (const option of tlsOptions()) command.addOption(option);
  return command;
}

export const nameOption = (): Option =>
  new Option(
    '-n, --name <name>',
    'private name, 1 to 10 characters (default: the daemon makes one up)',
  ).argParser(privateName);

export const serviceOption = (): Option =>
  new Option('-s, --service <service>', 'what is asked of the order')
    .choices([...SERVICES])
    .default('agreed');

export const jsonOption = (what: string): Option => new Option('--json', what);
