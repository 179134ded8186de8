import { demoLock } from '../../src/sandbox/demo-fleet.ts';
import { changes } from '../scenario/changes.ts';
import { tell } from '../scenario/story.ts';
import { sandboxWorld } from './world.ts';

tell(changes, 'sandbox', () => sandboxWorld(2), demoLock);
