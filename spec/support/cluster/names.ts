/**
 * Names of one rig's devices and namespaces. They tell the process that owns them: so several rigs can run at once, and
 * what a killed one has left is found.
 */

const FORM = /^sc(\d+)[a-z][bnrm]\d+$/;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
let made = 0;

/** The kernel takes 15 characters: a process id has at most 7 digits, a number here 2. */
export class RigNames {
  private readonly prefix = `sc${process.pid}${LETTERS[made++ % LETTERS.length]}`;

  /** The bridge that joins the nodes of one side. */
  bridge(side: number): string {
    return `${this.prefix}b${side}`;
  }

  namespace(node: number): string {
    return `${this.prefix}n${node}`;
  }

  /** The outer end of the link that Corosync uses. */
  ring(node: number): string {
    return `${this.prefix}r${node}`;
  }

  /** The outer end of the link over which clients come. */
  management(node: number): string {
    return `${this.prefix}m${node}`;
  }
}

/** The process that owns a name, or null for a name that is none of ours. */
export const ownerOf = (name: string): number | null => {
  const [, pid] = FORM.exec(name) ?? [];
  return pid === undefined ? null : Number(pid);
};
