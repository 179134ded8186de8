import { changes } from '../scenario/changes.ts';
import { tellInLab } from './story.ts';

tellInLab(changes);
