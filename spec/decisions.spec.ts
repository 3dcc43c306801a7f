/** Every design decision has a number, a status, a date, and says what else was possible; the list names each. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from './support/recordings.js';

const folder = join(repositoryRoot, 'docs/decisions');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
const records = readdirSync(folder).filter((file) => file.endsWith('.md') && file !== 'README.md');

const HEAD =
  /^# (\d{3}): \S.*\n\n- Status: (?:accepted|proposed|superseded)\b.*\n- Date: \d{4}-\d\d-\d\d\n\n## Context\n/;

/** What a record lacks. */
function faults(file: string, text: string): string[] {
  const found: string[] = [];
  const [, number] = HEAD.exec(text) ?? [];
  if (number === undefined) found.push(`${file}: number, status, date and context at its head`);
  else if (!file.startsWith(`${number}-`)) found.push(`${file}: the number of its name`);
  const sections = text.split(/^## /m).slice(1);
  for (const title of ['Context', 'Decision', 'Alternatives', 'Consequences']) {
    const section = sections.find((each) => each.startsWith(`${title}\n`));
    if (section === undefined || section.slice(title.length).trim() === '') found.push(`${file}: ${title}`);
  }
  return found;
}

describe('design decisions', () => {
  it('have number, status, date, context, decision, alternatives and consequences', () => {
    expect(records.length).to.be.above(20);
    expect(records.flatMap((file) => faults(file, read(file)))).to.deep.equal([]);
  });

  it('are numbered without gaps', () => {
    const numbers = records.map((file) => Number(file.slice(0, 3))).toSorted((a, b) => a - b);
    expect(numbers).to.deep.equal(records.map((_, i) => i + 1));
  });

  it('are all listed, in their order', () => {
    const listed = [...read('README.md').matchAll(/\]\((\d{3}-[\w-]+\.md)\)/g)].map(([, file]) => file);
    expect(listed).to.deep.equal(records.toSorted());
  });

  it('that lack something are found', () => {
    const whole = read('001-dependencies.md');
    const without = (part: RegExp): string[] => faults('001-dependencies.md', whole.replace(part, ''));
    expect(without(/^- Date:.*\n/m)).to.have.length(1);
    expect(without(/^- Status:.*\n/m)).to.have.length(1);
    expect(without(/^## Alternatives\n[\s\S]*?(?=^## )/m)).to.deep.equal([
      '001-dependencies.md: Alternatives',
    ]);
    expect(without(/(?<=^## Alternatives\n)[\s\S]*?(?=^## )/m)).to.deep.equal([
      '001-dependencies.md: Alternatives',
    ]);
    expect(faults('002-dependencies.md', whole)).to.have.length(1);
  });
});
