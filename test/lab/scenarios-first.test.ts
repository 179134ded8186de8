import { first } from '../scenario/first.ts';
import { tellInLab } from './story.ts';

tellInLab(first);
