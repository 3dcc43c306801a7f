/** What a bad file is told. */
import { expect } from 'chai';
import { AccessFileError } from '../../daemon/access/lines.js';

const FILE = 'rules';

/** The message of the error that `parse` throws for the text, without the file's name. */
export function refusalOf(parse: (text: string, file: string) => unknown, text: string): string {
  try {
    parse(text, FILE);
  } catch (error) {
    expect(error).to.be.instanceOf(AccessFileError);
    const { message, file } = error as AccessFileError;
    expect([file, message.slice(0, FILE.length)]).to.deep.equal([FILE, FILE]);
    return message.slice(FILE.length + 1);
  }
  throw new Error(`no error for ${JSON.stringify(text)}`);
}
