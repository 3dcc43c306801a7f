/** The file with the key that seals tokens. */
import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { IllegalParamError } from '../../lib/errors.js';
import { loadResumeKey } from '../../daemon/session/resume-key-file.js';
import { keyOf, Tokens } from '../../daemon/session/tokens.js';
import { FEATURE_COMPACT_VIEWS, FEATURE_RESUME } from '../../lib/wire/extension/features.js';
import { failure } from '../support/failure.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { TemporaryDirectory } from '../support/temporary.js';

describe('session: the key file', () => {
  it('seals the tokens of the daemon, so that any daemon with the same file opens them', async () => {
    await using folder = await TemporaryDirectory.make();
    const resumeKeyFile = folder.file('key');
    const content = Buffer.alloc(40, 7);
    await writeFile(resumeKeyFile, content);
    await using daemon = await startDaemon({ resumeKeyFile });
    const features = FEATURE_RESUME | FEATURE_COMPACT_VIEWS;
    const hello = { features, holdMs: 0, heartbeatMs: 0, attempt: 0, resume: null };
    const session = await RawSession.connect(daemon.port, 'ann', true, hello);
    const other = new Tokens('other', () => [keyOf(content)]);
    const token = other.open(session.welcome?.token ?? Buffer.alloc(0), '');
    expect(token).to.deep.include({ sid: session.welcome?.sid, name: 'ann', daemon: 'dmn1' });
    session.close();
  });

  it('has to be there, with 32 bytes or more', async () => {
    await using folder = await TemporaryDirectory.make();
    const path = folder.file('key');
    expect(await failure(loadResumeKey(path))).to.be.instanceOf(IllegalParamError);
    await writeFile(path, Buffer.alloc(31));
    const short = await failure(loadResumeKey(path));
    expect(String(short)).to.contain(`resumeKeyFile: expected at least 32 bytes in ${path}, got 31`);
    await writeFile(path, Buffer.alloc(32));
    expect((await loadResumeKey(path)).key).to.have.length(32);
  });
});
