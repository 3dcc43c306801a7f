/** What is replicated, in the words that members compare: those of one group say the same. */

/** What the words say. */
export interface ReplicatedTerms {
  /** What it is, in a word. */
  readonly kind: string;
  /** Whether a schema says what commands are. */
  readonly isChecked: boolean;
  /** Null: none. */
  readonly quorum: number | null;
  /** With a quorum: how many members there can ever be. */
  readonly maxMembers: number | undefined;
  /** Whether states of components that lost are merged. */
  readonly merges: boolean;
}

const MAX_KIND = 100;

const CHECKED = ' of checked commands';

export function labelOf({ kind, isChecked, quorum, maxMembers, merges }: ReplicatedTerms): string {
  const what = `a ${kind.slice(0, MAX_KIND)}${isChecked ? CHECKED : ''}`;
  if (quorum !== null) return `${what} with a quorum of ${quorum} of ${maxMembers ?? 2 * quorum - 1}`;
  return merges ? `${what} that merges` : `${what} without a quorum`;
}

/** The same the other way round; null for words that are none. */
export function termsOf(label: string): ReplicatedTerms | null {
  const match =
    /^a ([^]*?)( of checked commands)?(?: with a quorum of (\d+) of (\d+)|( that merges)| without a quorum)$/.exec(
      label,
    );
  if (!match) return null;
  const [, kind = '', checked, quorum, maxMembers, merges] = match;
  const isCounted = quorum !== undefined;
  return {
    kind,
    isChecked: checked !== undefined,
    quorum: isCounted ? Number(quorum) : null,
    maxMembers: isCounted ? Number(maxMembers) : undefined,
    merges: merges !== undefined,
  };
}
