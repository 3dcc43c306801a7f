/** Where the files of a release come from, in the form of SLSA: an in-toto statement, which whoever publishes can sign. */
import { createHash } from 'node:crypto';

export interface Artifact {
  readonly name: string;
  readonly data: Buffer;
}

/** What a build has been made of, and with. */
export interface Origin {
  readonly version: string;
  /** The whole hash. */
  readonly commit: string;
  /** Seconds since 1970, of the commit: the time that files in the packages have. */
  readonly time: number;
  readonly lockFile: Buffer;
  /** Versions of programs: `{ node: '20.20.2' }`. */
  readonly tools: Readonly<Record<string, string>>;
}

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** For `sha256sum --check`. */
export const sumsOf = (artifacts: readonly Artifact[]): string =>
  artifacts.map(({ name, data }) => `${sha256(data)}  ${name}\n`).join('');

/** @returns the statement as JSON, the same for the same origin and artifacts */
export function provenanceOf(artifacts: readonly Artifact[], origin: Origin): string {
  const { version, commit, time, lockFile, tools } = origin;
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: artifacts.map(({ name, data }) => ({ name, digest: { sha256: sha256(data) } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:ssp-toolkit:release:1',
        externalParameters: { version },
        internalParameters: { sourceDateEpoch: time, tools },
        resolvedDependencies: [
          { name: 'source', digest: { gitCommit: commit } },
          { name: 'package-lock.json', digest: { sha256: sha256(lockFile) } },
        ],
      },
      runDetails: { builder: { id: 'urn:ssp-toolkit:clone' } },
    },
  };
  return `${JSON.stringify(statement, null, 2)}\n`;
}
