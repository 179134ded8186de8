import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { changes } from '../scenario/changes.ts';
import { tell } from '../scenario/story.ts';
import { sandboxWorld } from './world.ts';

tell(changes, 'sandbox', () => sandboxWorld(2), sandboxLock);
