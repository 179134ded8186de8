import { tmpdir } from 'node:os';
import type { Surroundings } from '../src/model/surroundings.ts';

/** The process that tests run in, as it is by then. */
export const here: Surroundings = {
  get env() {
    return process.env;
  },
  get temporary() {
    return tmpdir();
  },
  signalGroup: (leader, signal) => {
    try {
      return process.kill(-leader, signal);
    } catch {
      return false;
    }
  },
};
