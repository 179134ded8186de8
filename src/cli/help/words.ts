import type { Words } from '../../report/manual.ts';
import { declaredProgram } from './declared.ts';
import { everyExit, helpTexts, ownHelp } from './texts.ts';

/** What the manual is made of. */
export const manualWords = (): Words => ({
  program: declaredProgram(),
  commands: helpTexts,
  own: ownHelp,
  exits: everyExit,
});
