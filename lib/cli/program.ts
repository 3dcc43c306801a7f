/** The verbs of `ssp`, and what its help says. */
import { Command } from 'commander';
import { SSP_version } from '../ssp/index.js';
import { callCommand } from './call.js';
import { channelsCommand } from './channels.js';
import { completionCommand } from './completion/completion.js';
import { floodCommand } from './flood/flood.js';
import { groupsCommand } from './groups.js';
import { initCommand } from './init/init.js';
import { joinCommand } from './join.js';
import { leadCommand } from './lead.js';
import { lockCommand } from './lock.js';
import { mapCommand } from './map.js';
import { membersCommand } from './members.js';
import { pingCommand } from './ping.js';
import { recordCommand } from './recording/record.js';
import { replayCommand } from './recording/replay.js';
import { secureCommand } from './secure.js';
import { sendCommand } from './send.js';
import { statusCommand } from './status.js';
import { topCommand } from './top/top.js';
import { userCommand } from './user.js';

const { major, minor, patch } = SSP_version();

export function createProgram(): Command {
  const program = new Command('ssp')
    .description('Groups, messages and views of a daemon, from the command line.')
    .version(`${major}.${minor}.${patch}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [verb]', 'print the help of a verb')
    .addHelpText(
      'after',
      '\nExample:\n  ssp join room                  # in one terminal\n  ssp send room "good morning"   # in another',
    );
  const talking = [joinCommand(), sendCommand(), userCommand(), pingCommand(), floodCommand()];
  const watching = [statusCommand(), topCommand(), groupsCommand(), membersCommand()];
  const deciding = [lockCommand(), leadCommand(), callCommand(), mapCommand(), channelsCommand()];
  const recording = [recordCommand(), replayCommand()];
  const preparing = [secureCommand(), initCommand(), completionCommand()];
  for (const command of [...talking, ...deciding, ...watching, ...recording, ...preparing])
    program.addCommand(command);
  return program;
}
