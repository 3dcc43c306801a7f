/** The options of a quorum, the same at all members of a group. */
import { type Command, Option } from 'commander';
import { integer } from './values.js';

/** More than this no group has. */
const MOST_MEMBERS = 1_000_000;

export interface QuorumFlags {
  readonly quorum?: number;
  readonly maxMembers?: number;
}

export const quorumOption = (): Option =>
  new Option(
    '--quorum <n>',
    'members that have to be together, the same at all members (default: none)',
  ).argParser(integer(1, MOST_MEMBERS));

export const maxMembersOption = (): Option =>
  new Option(
    '--max-members <n>',
    'members that there can be, the same at all members (default: twice the quorum, less one)',
  ).argParser(integer(1, MOST_MEMBERS));

/** A quorum that is no majority could be there twice. */
export function checkQuorumFlags(command: Command): void {
  const { quorum, maxMembers } = command.opts<QuorumFlags>();
  if (maxMembers === undefined) return;
  if (quorum === undefined) return command.error('error: --max-members requires --quorum');
  const least = Math.floor(maxMembers / 2) + 1;
  if (quorum < least || quorum > maxMembers)
    command.error(`error: --quorum must be from ${least} to ${maxMembers} of ${maxMembers}, got ${quorum}`);
}

export const quorumOf = ({ quorum, maxMembers }: QuorumFlags): QuorumFlags => ({
  ...(quorum !== undefined && { quorum }),
  ...(maxMembers !== undefined && { maxMembers }),
});
