/** The options of the HTTP monitor, for the table of all options. */
import { abouts, works } from './about.js';
import { consoleLinks, endpoint, path, yesOrNo } from './values.js';

export const monitorOptions = {
  MonitorAddress: endpoint()
    .optional()
    .register(
      abouts,
      works('Address of the HTTP monitor: `/console`, `/healthz`, `/metrics` and others.', 'none: no HTTP'),
    ),
  MonitorTokenFile: path()
    .optional()
    .register(
      abouts,
      works('File with the token that HTTP clients need; required off the loopback interface.', 'none'),
    ),
  MonitorConsole: yesOrNo()
    .default(true)
    .register(abouts, works('Whether the monitor has `/console`, a live page, and `/feed`, its source.')),
  MonitorLinks: consoleLinks()
    .optional()
    .register(
      abouts,
      works(
        'Consoles of the other daemons, to which the page links: `"d2=http://192.0.2.2:4804/console"`.',
        'none',
      ),
    ),
};
