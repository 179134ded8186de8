import type { Health } from '../../model/facts.ts';
import {
  parseAnswers,
  parseGuests,
  parseInterfaces,
  parseRunnerLinks,
  parseUnits,
  sectionsOf,
} from './guests.ts';
import * as shape from './shape.ts';

/** The sections that health.sh prints, once each. */
const known = new Set(['runners', 'units', 'addresses', 'answers', 'end']);

/** Reads what health.sh printed. @throws FleetError `health.unreadable` if it is cut off or invalid */
export function parseHealth(text: string): Health {
  return shape.understand('health.unreadable', text, () => {
    const { records, linesOf } = sectionsOf('health', text, known);
    const rows = new shape.Rows(records);
    const one = (key: string) => rows.firsts(key)[0];
    const links = parseRunnerLinks(linesOf('runners'), one('root') ?? '');
    const units = parseUnits(linesOf('units'), Number(one('uptime')));
    const system = one('system');
    return {
      currentSystem: shape.isPath(system) ? system : undefined,
      bootId: shape.nameOrNone(one('boot'), 'boot id'),
      vms: parseGuests(rows.firsts('vm'), links, units),
      interfaces: parseInterfaces(linesOf('addresses').join('')),
      answers: parseAnswers(linesOf('answers')),
    };
  });
}
