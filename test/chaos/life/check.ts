import { wrongEnds, wrongInjuries } from './causes.ts';
import { wrongDeployments } from './deployments.ts';
import { wrongBridges, wrongOrphans, wrongRepetitions, wrongStates } from './ends.ts';
import type { History } from './history.ts';
import { wrongRepairs } from './network.ts';
import { wrongEpochs, wrongNumbers } from './numbers.ts';
import { wrongFailures, wrongSilence, wrongStarts } from './starts.ts';

const rules: readonly ((history: History) => string[])[] = [
  wrongNumbers,
  wrongEpochs,
  wrongEnds,
  wrongInjuries,
  wrongStarts,
  wrongFailures,
  wrongSilence,
  wrongRepairs,
  wrongDeployments,
  wrongStates,
  wrongBridges,
  wrongRepetitions,
  wrongOrphans,
];

/**
 * Compares what was done to a hypervisor with what its spool tells, with what it remembers and with what is so. Nothing:
 * every change is explained by an event, every event by a change, and every guest ended as it is wanted.
 */
export function judgeLife(history: History): string[] {
  return rules.flatMap((rule) => rule(history));
}
