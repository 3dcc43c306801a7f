/** The PEM files of the listener with TLS: read, and found to be what they are said to be, before anything listens. */
import type { Buffer } from 'node:buffer';
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { ListenError } from './tcp-address.js';

export interface TlsFileNames {
  readonly port: number;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Given, clients must show a certificate of these authorities. */
  readonly clientCaFile: string | null;
}

/** Contents of the files. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | null;
  /** One line each: what will keep clients out, though the daemon can start. */
  readonly warnings: readonly string[];
}

const CERTIFICATE =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/** @throws ListenError that names the file at fault */
export async function loadTlsFiles(names: TlsFileNames, now = Date.now()): Promise<TlsFiles> {
  const { certificateFile, keyFile, clientCaFile } = names;
  const refuse = (problem: string): never => {
    throw new ListenError(`cannot listen on the TLS port ${names.port}: ${problem}`);
  };
  const read = (file: string): Promise<Buffer> =>
    readFile(file).catch((error: NodeJS.ErrnoException) => refuse(`${file} cannot be read (${error.code})`));
  const [cert, key] = [await read(certificateFile), await read(keyFile)];
  const ca = clientCaFile === null ? null : await read(clientCaFile);

  const [own] = certificatesIn(cert, certificateFile, refuse);
  const authorities = ca && certificatesIn(ca, clientCaFile ?? '', refuse);
  if (!own?.checkPrivateKey(keyIn(key, keyFile, refuse))) {
    refuse(`${keyFile} is not the key of the certificate in ${certificateFile}`);
  }
  try {
    createSecureContext({ minVersion: 'TLSv1.3', cert, key, ...(ca && { ca }) });
  } catch (error) {
    refuse(`${certificateFile} or ${keyFile} cannot be used: ${(error as Error).message}`);
  }
  const warnings = [
    ...outOfTime(own ? [own] : [], certificateFile, now),
    ...outOfTime(authorities ?? [], clientCaFile ?? '', now),
  ];
  return { cert, key, ca, warnings };
}

type Refuse = (problem: string) => never;

/** At least one. */
function certificatesIn(pem: Buffer, file: string, refuse: Refuse): X509Certificate[] {
  const blocks = pem.toString('latin1').match(CERTIFICATE) ?? [];
  if (blocks.length === 0) refuse(`${file} contains no certificate (PEM)`);
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      return refuse(`certificate ${index + 1} in ${file} is damaged (${(error as Error).message})`);
    }
  });
}

function keyIn(pem: Buffer, file: string, refuse: Refuse): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MISSING_PASSPHRASE' || pem.includes('ENCRYPTED')) {
      return refuse(
        `the key in ${file} has a passphrase, and the daemon cannot ask for it: store it without one`,
      );
    }
    if (!pem.includes('PRIVATE KEY-----')) return refuse(`${file} contains no private key (PEM)`);
    return refuse(`the key in ${file} is damaged (${message})`);
  }
}

const outOfTime = (certificates: readonly X509Certificate[], file: string, now: number): string[] =>
  certificates.flatMap(({ subject, validFrom, validTo }) => {
    const name = subject.replaceAll('\n', ', ');
    if (Date.parse(validTo) < now) return `${file}: the certificate "${name}" has expired (${validTo})`;
    return Date.parse(validFrom) > now
      ? `${file}: the certificate "${name}" is not valid yet (${validFrom})`
      : [];
  });
