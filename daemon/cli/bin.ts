#!/usr/bin/env node
/** `sspd` as it is installed: a Node that is too old for the program ends here with one line. */
import '../../lib/node-version.js';

void import('./main.js');
