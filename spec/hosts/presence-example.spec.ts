/** The example of people in a room, in real browsers: every screen shows the same people in the same order, and who leads. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from '../support/recordings.js';
import { skip } from '../support/skip.js';
import { until } from '../support/wait.js';
import { isSo, launch, noChromium, type Page, Pages, type Shape } from './chromium.js';

const LIMIT = 30_000;

/** The list of people as a page shows it: names, who this is, who leads, tabs. */
const LIST = `[...document.querySelectorAll('.people li')].map((each) => each.innerText.replaceAll('\\n', ' ')).join('; ')`;

describe('hosts: the presence example', function () {
  let program: ChildProcessWithoutNullStreams;
  let browser: Awaited<ReturnType<typeof launch>>;
  let url = '';

  before(async function () {
    if (noChromium !== null) skip(this, noChromium);
    program = spawn(process.execPath, [join(repositoryRoot, 'docs/examples/presence/start.mjs')], {
      env: { ...process.env, PORT: '0' },
    });
    let out = '';
    program.stdout.on('data', (text) => (out += text));
    await until(() => out.includes('\n'), 'the example', LIMIT);
    url = /http:\S+/.exec(out)?.[0] ?? '';
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    if (!program) return;
    const ended = once(program, 'exit');
    program.kill();
    await ended;
  });

  async function enter(name: string, shape: Shape): Promise<Pages> {
    const pages = await Pages.open(browser, url, [shape]);
    await pages.first.fill('input', name);
    await pages.first.click('button');
    await pages.shows('Who is here');
    return pages;
  }

  const list = async (page: Page): Promise<string> => String(await page.evaluate(LIST));

  it('shows the same people in the same order on every screen', async () => {
    const all = [await enter('Ann', 'light'), await enter('Bob', 'dark'), await enter('Ann', 'phone')];
    for (const { first } of all) {
      await isSo(first, `document.querySelectorAll('.people li').length === 2`);
      await isSo(first, `${LIST}.includes('2 tabs') && ${LIST}.includes('leads')`);
    }
    const [light, dark, phone] = all.map(({ first }) => first) as [Page, Page, Page];
    const shown = [await list(light), await list(dark), await list(phone)];
    expect(new Set(shown).size).to.equal(1);
    await light.fill('[aria-label=message]', 'Does everybody see this?');
    await light.keyboard.press('Enter');
    await dark.fill('[aria-label=message]', 'Here it is.');
    await isSo(dark, `document.querySelectorAll('.texts li').length === 1`);
    await dark.keyboard.press('Enter');
    for (const { first } of all) await isSo(first, `document.querySelectorAll('.texts li').length === 2`);
    for (const pages of all) await pages.shoot('presence');
    await all[2]?.[Symbol.asyncDispose]();
    await isSo(dark, `!${LIST}.includes('2 tabs')`);
    expect(await list(light)).to.include('Ann');
    await all[0]?.[Symbol.asyncDispose]();
    await isSo(dark, `!${LIST}.includes('Ann') && ${LIST}.includes('Bob leads')`);
    await all[1]?.[Symbol.asyncDispose]();
    expect(all.flatMap(({ troubles }) => troubles)).to.deep.equal([]);
  });
});
