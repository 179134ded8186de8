import { failing } from '../scenario/failing.ts';
import { tellInLab } from './story.ts';

tellInLab(failing);
