/** What all verbs share: the way they are declared. */
import { Command, Option } from 'commander';
import { SERVICES } from '../group/service.js';
import { address, DEFAULT_ADDRESS, privateName } from './values.js';

const ENVIRONMENT = 'SSP_USER and SSP_PASSWORD in the environment answer a daemon that asks for them.';

/** @param example what a person would type, lines of it */
export const verb = (name: string, description: string, example: readonly string[]): Command =>
  new Command(name)
    .description(description)
    .addOption(
      new Option('-a, --address <port@host>', 'where the daemon is')
        .env('SSP_ADDRESS')
        .default(DEFAULT_ADDRESS)
        .argParser(address),
    )
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', `\nExample:\n${example.map((line) => `  ${line}`).join('\n')}\n\n${ENVIRONMENT}`)
    .allowExcessArguments(false);

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
