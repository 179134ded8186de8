import { join } from 'node:path';
import type { Data, Fleet } from '../../src/model/fleet.ts';
import { defaultsPath, layersModulePath, profilePath } from '../../src/model/layers.ts';
import { toNix } from '../../src/nix/print.ts';
import { render } from '../../src/render/render.ts';
import { evaluate, withFiles } from '../nix/instantiate.ts';

export type Values = Record<string, unknown>;

const tools = [
  ...['bash', 'coreutils', 'curl', 'findutils', 'fping', 'gawk', 'git', 'gnugrep', 'gnused'],
  ...['iproute2', 'iputils', 'jq', 'openssh', 'procps', 'socat', 'systemd', 'util-linux'],
];

/** `pkgs` in which every package of the fleet is its own name. */
function pkgsOf(theme: Fleet): Data {
  const pkgs: Record<string, Data> = {
    ...Object.fromEntries(tools.map((name) => [name, name])),
  };
  for (const name of [...theme.hypervisors, ...theme.vms].flatMap((m) => m.packages)) {
    const [last, ...first] = name.split('.').reverse();
    const set = first.reverse().reduce<Record<string, Data>>((within, part) => {
      within[part] ??= {};
      return within[part] as Record<string, Data>;
    }, pkgs);
    set[last!] = name;
  }
  return pkgs;
}

export interface Evaluated {
  readonly files: Record<string, Values>;
  readonly flake: Values;
}

/** The config of a machine: in a file of its own, or among its imports when it is of several layers. */
export function configOf({ files }: Evaluated, name: string): unknown {
  const { imports, inline } = files[`hosts/${name}/default.nix`] as { imports: string[] } & Values;
  return imports.includes('inline') ? inline : (files[`hosts/${name}/config.nix`] ?? {});
}

/** No modules, but parts of some. */
const isPart = (path: string): boolean =>
  !path.endsWith('.nix') ||
  path === 'flake.nix' ||
  path === layersModulePath ||
  path === defaultsPath ||
  path.startsWith(profilePath('').slice(0, -4));

const done = new Map<Fleet, Evaluated>();

/** What the rendered files say, as plain.nix reads them. */
export function evaluated(theme: Fleet): Evaluated {
  const known = done.get(theme) ?? withNix(theme);
  done.set(theme, known);
  return known;
}

function withNix(theme: Fleet): Evaluated {
  const files = render(theme);
  const rendered = [...files.keys()];
  // Hand-written files are the user's: this one flake.nix has to be able to read.
  if (theme.outputs !== undefined) files.set(theme.outputs, '{ self, ... }: { further = 1; }');
  const paths = toNix(rendered.filter((path) => !isPart(path)));
  const plain = join(import.meta.dirname, 'plain.nix');
  return withFiles(files, (root) => {
    const call = `import ${plain} { root = ${root}; paths = ${paths}; pkgs = ${toNix(pkgsOf(theme))}; }`;
    return withFiles([['call.nix', call]], (dir) =>
      JSON.parse(JSON.stringify(evaluate(join(dir, 'call.nix'))).replaceAll(`${root}/`, '')),
    );
  });
}
