#!/usr/bin/env node
/** `ssp` as it is installed: a Node that is too old for the program ends here with one line. */
import '../node-version.js';

void import('./main.js');
