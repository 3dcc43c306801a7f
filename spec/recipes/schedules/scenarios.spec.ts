import { scenarios } from './scenarios.js';

describe('schedules for replicated state', () => {
  for (const { name, title, play } of scenarios) it(`${title} (${name})`, play);
});
