/** The page for those who come from Spread: it names every call, and its C routine gets a client in. */
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { hashPassword } from '../../daemon/access/passwords.js';
import * as flush from '../../lib/flush/index.js';
import * as ssp from '../../lib/ssp/index.js';
import { startDaemon } from '../support/local-daemon.js';
import { repositoryRoot } from '../support/recordings.js';
import { skip } from '../support/skip.js';
import { TemporaryDirectory } from '../support/temporary.js';

const page = readFileSync(join(repositoryRoot, 'docs/guide/coming-from-spread.md'), 'utf8');

/** As the C library calls it: on a socket that does not wait. Prints what the routine says, and the byte behind it. */
const program = (routine: string): string => `
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
${routine}
int main(int argc, char **argv) {
  char request[6] = {5, 0, 1, 1, 1, 'c'}, length, methods[256], choice[90] = "PWORD", both[40] = {0}, code = 0;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(0x7f000001)};
  int fd = socket(AF_INET, SOCK_STREAM, 0), flags;
  if (argc != 3 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) return 1;
  strncpy(both, "alice", 32);
  strncpy(both + 32, argv[2], 8);
  if (write(fd, request, 6) != 6 || recv(fd, &length, 1, MSG_WAITALL) != 1) return 2;
  if (recv(fd, methods, length, MSG_WAITALL) != length || write(fd, choice, 90) != 90) return 3;
  flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  int isIn = password_routine(fd, both);
  fcntl(fd, F_SETFL, flags);
  recv(fd, &code, 1, MSG_WAITALL);
  printf("%d %d\\n", isIn, code);
  return 0;
}`;

describe('coming from Spread', () => {
  it('names every call of ssp-toolkit/ssp', () => {
    const calls = Object.entries(ssp).flatMap(([name, value]) =>
      typeof value === 'function' && /^S?SP_/.test(name) ? name : [],
    );
    expect(calls.length).to.be.greaterThan(30);
    expect(calls.filter((call) => !page.includes(`\`${call}\``))).to.deep.equal([]);
  });

  it('names every call of ssp-toolkit/flush', () => {
    const calls = Object.keys(flush).filter((name) => /^FL_[a-z]/.test(name));
    expect(calls).to.include('FL_scat_subgroupcast');
    expect(calls.filter((name) => !page.includes(`\`${name}\``))).to.deep.equal([]);
  });

  it('has a C routine for passwords that waits for the answer', async function () {
    const compiler = 'cc';
    if (spawnSync(compiler, ['--version']).status !== 0) return skip(this, 'no C compiler (cc)');
    const [, routine = ''] = /```c\n([^]*?)```/.exec(page) ?? [];
    await using folder = await TemporaryDirectory.make();
    await writeFile(folder.file('client.c'), program(routine.replace(/^ {2}/gm, '')));
    const made = spawnSync(compiler, [
      '-Wall',
      '-Werror',
      '-o',
      folder.file('client'),
      folder.file('client.c'),
    ]);
    expect(String(made.stderr)).to.equal('');
    await writeFile(folder.file('users'), `alice:${await hashPassword('secret')}\n`);
    await using daemon = await startDaemon({
      allowedAuthMethods: ['PWORD'],
      passwordFile: folder.file('users'),
      limits: { authFailureDelayMs: 0 },
    });
    const login = async (password: string): Promise<string> =>
      (await promisify(execFile)(folder.file('client'), [String(daemon.port), password])).stdout;
    expect(await login('secret')).to.equal(`1 ${ssp.ACCEPT_SESSION}\n`);
    expect(await login('guess')).to.equal(`0 ${ssp.REJECT_AUTH}\n`);
    return undefined;
  });
});
