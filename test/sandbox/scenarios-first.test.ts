import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { first } from '../scenario/first.ts';
import { tell } from '../scenario/story.ts';
import { sandboxWorld } from './world.ts';

tell(first, 'sandbox', () => sandboxWorld(2), sandboxLock);
