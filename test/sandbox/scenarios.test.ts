import { demoLock } from '../../src/sandbox/demo-fleet.ts';
import { scenarios } from '../scenario/suite.ts';
import { sandboxWorld } from './world.ts';

scenarios('sandbox', () => sandboxWorld(2), demoLock);
