/** The test keys of `spec/fixtures/tls`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './recordings.js';

export const tlsFile = (name: string): string => join(repositoryRoot, 'spec', 'fixtures', 'tls', name);
export const tlsText = (name: string): string => readFileSync(tlsFile(name), 'utf8');

/** Whom clients believe. */
export const ca = tlsText('ca.crt');

/** A TLS port of the daemon; `wantsCertificate` asks its clients for one. */
export const tlsOn = (
  wantsCertificate = false,
): { port: number; certificateFile: string; keyFile: string; clientCaFile: string | null } => ({
  port: 0,
  certificateFile: tlsFile('daemon.crt'),
  keyFile: tlsFile('daemon.key'),
  clientCaFile: wantsCertificate ? tlsFile('ca.crt') : null,
});
