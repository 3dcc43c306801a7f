/** Loaded before the specs: the same worlds and inputs for each mutant, so that a score can be had again. */
import fc from 'fast-check';

process.env['SEED'] = '1';
process.env['WORLDS'] = '25';
// The smallest input that shows a mutant is of no interest here.
fc.configureGlobal({ seed: 1, endOnFailure: true });
