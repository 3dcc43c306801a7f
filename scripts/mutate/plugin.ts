/** What the mutation tester asks us: which mutants are in the sample, and which literals are only texts. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { repositoryRoot } from '../../spec/support/recordings.js';

/** What we need to know of the tester's types; the tester is not there when this is compiled. */
export interface TesterMutant {
  readonly id: string;
  readonly fileName: string;
  readonly location: Readonly<Record<'start' | 'end', { readonly line: number; readonly column: number }>>;
  readonly mutatorName: string;
  readonly replacement: string;
}

interface NodePath {
  readonly node: {
    readonly type: string;
    readonly value?: unknown;
    readonly quasis?: readonly { readonly value: { readonly raw: string } }[];
  };
}

/** Names the file that holds the sample. */
export const SAMPLE_FILE = 'MUTATE_SAMPLE';

/** One mutant, told from every other of a version of the sources. */
export function keyOf({
  fileName,
  location: { start, end },
  mutatorName,
  replacement,
}: TesterMutant): string {
  const file = relative(repositoryRoot, fileName);
  return [file, start.line, start.column, end.line, end.column, mutatorName, replacement].join(' ');
}

/** Texts for people: nobody's program depends on their words, and no test should. */
export function isText({ node }: NodePath): boolean {
  if (node.type === 'StringLiteral') return typeof node.value === 'string' && node.value.includes(' ');
  if (node.type !== 'TemplateLiteral') return false;
  return node.quasis?.some(({ value: { raw } }) => raw.includes(' ')) ?? false;
}

export const textIgnorer = {
  shouldIgnore: (path: NodePath): string | undefined => (isText(path) ? 'a text for people' : undefined),
};

interface CheckResult {
  readonly status: 'passed' | 'compileError';
  readonly reason?: string;
}

const PASSED: CheckResult = { status: 'passed' };
/** The tester has no word for "not this time", and leaves out of its count what does not compile. */
const LEFT_OUT: CheckResult = { status: 'compileError', reason: 'not in the sample' };

function createSampleChecker() {
  const keys = JSON.parse(readFileSync(process.env[SAMPLE_FILE] as string, 'utf8')) as readonly string[];
  const sample = new Set(keys);
  return {
    init: async (): Promise<void> => {},
    check: async (mutants: readonly TesterMutant[]): Promise<Record<string, CheckResult>> =>
      Object.fromEntries(mutants.map((mutant) => [mutant.id, sample.has(keyOf(mutant)) ? PASSED : LEFT_OUT])),
  };
}

/** Tells of a survivor as soon as there is one, for all of them together take long, and of those that ran too long. */
const createSurvivorReporter = () => ({
  onMutantTested({
    fileName,
    location,
    replacement,
    status,
  }: TesterMutant & { readonly status: string }): void {
    if (status !== 'Survived' && status !== 'Timeout') return;
    const { line, column } = location.start;
    const [first = ''] = replacement.split('\n');
    console.log(
      `${status === 'Timeout' ? 'too long' : 'survived'}: ${relative(repositoryRoot, fileName)}:${line}:${column} with ${first}`,
    );
  },
});

export const strykerPlugins = [
  { kind: 'Checker', name: 'sample', factory: createSampleChecker },
  { kind: 'Ignore', name: 'texts', value: textIgnorer },
  { kind: 'Reporter', name: 'survivors', factory: createSurvivorReporter },
];
