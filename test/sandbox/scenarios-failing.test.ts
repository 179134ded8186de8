import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { failing } from '../scenario/failing.ts';
import { tell } from '../scenario/story.ts';
import { sandboxWorld } from './world.ts';

tell(failing, 'sandbox', () => sandboxWorld(2), sandboxLock);
