import { type GuestHealth, isUp, type UnitFacts } from '../../model/guest-facts.ts';
import type { Interface } from '../../model/network-facts.ts';
import * as shape from './shape.ts';

// The part of the answer that facts.sh and health.sh have in common (guests.sh).

/** An answer: records of tab-separated fields, then sections. */
export interface Sections {
  readonly records: readonly (readonly string[])[];
  linesOf(title: string): readonly string[];
}

/** @param known the sections of that script; any other was forged by a name or link that group kvm wrote */
export function sectionsOf(
  name: 'facts' | 'health',
  text: string,
  known: ReadonlySet<string>,
): Sections {
  const lines = text.split('\n');
  if (!text.trimEnd().endsWith('\n== end')) {
    throw new shape.Unreadable(`${name}.unreadable`, text, 'it is cut off', {
      hint: 'Does a shell start-up file there print something, or end the session?',
    });
  }
  const records: string[][] = [];
  const sections = new Map<string, string[]>();
  let section: string[] | undefined;
  for (const line of lines) {
    if (line.startsWith('== ')) {
      const title = line.slice(3);
      if (!known.has(title) || sections.has(title))
        throw new Error(`it has a section ${JSON.stringify(title)} that is not ${name}.sh's`);
      section = [];
      sections.set(title, section);
    } else if (section) section.push(line);
    else if (line !== '') records.push(line.split('\t'));
  }
  return { records, linesOf: (title) => sections.get(title) ?? [] };
}

const noUnit: UnitFacts = {
  active: 'inactive',
  sub: 'dead',
  invocation: '',
};

/** Units by name. */
export function parseUnits(lines: readonly string[], uptime: number): Map<string, UnitFacts> {
  const units = new Map<string, UnitFacts>();
  let block = new Map<string, string>();
  for (const line of [...lines, '']) {
    const at = line.indexOf('=');
    if (at > 0) block.set(line.slice(0, at), line.slice(at + 1));
    else if (block.size > 0) {
      const id = block.get('Id') ?? '';
      const active = shape.nameOrNone(block.get('ActiveState'), 'state of a unit');
      const since = Number(block.get('ActiveEnterTimestampMonotonic')) / 1e6;
      units.set(id, {
        active,
        sub: shape.nameOrNone(block.get('SubState'), 'state of a unit'),
        invocation: shape.nameOrNone(block.get('InvocationID'), 'invocation of a unit'),
        ...(active === 'active' && since > 0 && uptime > 0 && { activeFor: uptime - since }),
        ...(block.get('Job') && { queued: true }),
      });
      block = new Map();
    }
  }
  return units;
}

/** The guest that a unit belongs to: microvm@NAME, microvm-virtiofsd@NAME and so on. */
function guestOf(unit: string): string | undefined {
  return /^microvm[a-z-]*@(.*)\.service$/.exec(unit)?.[1];
}

/** Targets of symbolic links, from `ls -ld`, by their path on the hypervisor. */
export function parseLinks(lines: readonly string[], root: string): Map<string, string> {
  const links = new Map<string, string>();
  for (const line of lines) {
    // Nothing before the path can contain a slash.
    const [path = '', target] = line.slice(line.indexOf(' /') + 1).split(' -> ');
    if (target === undefined || !path.startsWith(root) || !shape.isPath(`/${target}`)) continue;
    const key = path.slice(root.length);
    if (!links.has(key)) links.set(key, target);
  }
  return links;
}

/** Targets of the vms' links. Only those that can be runners, because group kvm may write these links. */
export function parseRunnerLinks(lines: readonly string[], root: string): Map<string, string> {
  const isRunner = (to: string) => shape.isStorePath(to, root) || shape.isStorePath(to);
  return new Map([...parseLinks(lines, root)].filter(([, to]) => isRunner(to)));
}

/** The health of these vms, by name. */
export function parseGuests(
  names: readonly (string | undefined)[],
  links: ReadonlyMap<string, string>,
  units: ReadonlyMap<string, UnitFacts>,
): Map<string, GuestHealth> {
  const busy = new Set(
    [...units].filter(([, unit]) => isUp(unit) || unit.queued).map(([id]) => guestOf(id)),
  );
  const isDown = (unit: string) => !isUp(units.get(unit) ?? noUnit);
  const lingers = (name: string) =>
    busy.has(name) &&
    isDown(`microvm@${name}.service`) &&
    isDown(`microvm-virtiofsd@${name}.service`);
  return new Map(
    names.map((text) => {
      const name = shape.name(text, 'name of a vm');
      return [
        name,
        {
          name,
          current: links.get(`/var/lib/microvms/${name}/current`),
          booted: links.get(`/var/lib/microvms/${name}/booted`),
          unit: units.get(`microvm@${name}.service`) ?? noUnit,
          virtiofsd: units.get(`microvm-virtiofsd@${name}.service`) ?? noUnit,
          ...(lingers(name) && { lingers: true }),
        },
      ];
    }),
  );
}

/** A JSON list that a tool printed; empty if the tool failed. */
export function parseList(json: string, field: string): Readonly<Record<string, unknown>>[] {
  return json.trim() === '' ? [] : shape.objects(JSON.parse(json), field);
}

/** The used part of what `ip -j address show` prints. */
export function parseInterfaces(json: string): Map<string, Interface> {
  return new Map(
    parseList(json, 'list of interfaces')
      // `ip -j` prints {} for interfaces that it left out.
      .filter((i) => i.ifname !== undefined)
      .map((i) => {
        const name = shape.textIn(i.ifname, 'name of an interface');
        const addresses = shape.objects(i.addr_info ?? [], 'list of addresses');
        const text = (a: (typeof addresses)[number]) => `${a.local}/${a.prefixlen}`;
        const leased = addresses.filter((a) => a.dynamic === true).map(text);
        return [
          name,
          {
            name,
            up: Array.isArray(i.flags) && i.flags.includes('UP'),
            master: shape.textOrNone(i.master, 'bridge'),
            addresses: addresses.map(text),
            ...(leased.length > 0 && { leased }),
          },
        ];
      }),
  );
}

/** Addresses that were pinged → whether they answered. */
export function parseAnswers(lines: readonly string[]): Map<string, boolean> {
  return new Map(
    lines.filter(Boolean).map((line) => {
      const [answer, address] = line.split(' ');
      return [address ?? '', answer === 'yes'];
    }),
  );
}
