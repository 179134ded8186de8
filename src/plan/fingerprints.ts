import { createHash } from 'node:crypto';
import type { Fleet } from '../model/fleet.ts';
import { layersOf, sharedLayers } from '../model/layers.ts';

/**
 * For each vm and hypervisor, a digest of every file of the commit that its evaluation can see.
 * Equal fingerprints mean equal store paths, so nothing has to be evaluated to know that nothing
 * changed. The reverse does not hold: what differs is built, and the store path decides.
 *
 * A host can see its own rendered folder and everything that is not rendered for some host, because hand-written Nix may
 * import anything. Of the rendered defaults and profiles it sees those that its file names. It is assumed not to read
 * fleet.yaml, nor more of hosts/default.nix than its own line, the system (docs/decisions/fingerprints.md).
 *
 * @param files path → mode and git id of its content, of the commit that is to be deployed
 * @param rendered paths that fleet renders
 */
export function fingerprints(
  fleet: Fleet,
  files: ReadonlyMap<string, string>,
  rendered: ReadonlySet<string>,
  configPath: string,
): Map<string, string> {
  const shared = createHash('sha256');
  const own = new Map<string, string[]>();
  const layers = sharedLayers(fleet);
  for (const path of [...files.keys()].sort()) {
    if (path === configPath || path === 'hosts/default.nix') continue;
    const host = rendered.has(path) ? /^hosts\/([^/]+)\//.exec(path)?.[1] : undefined;
    const owner = host ?? (layers.has(path) ? path : undefined);
    const line = `${path}\0${files.get(path)}\n`;
    if (owner === undefined) shared.update(line);
    else own.set(owner, [...(own.get(owner) ?? []), line]);
  }
  const common = shared.digest('hex');
  const systems = new Map(fleet.hypervisors.map((h) => [h.name, h.system]));
  const digest = (name: string, system: string | undefined) =>
    createHash('sha256')
      .update(
        `${common}\n${system}\n${[name, ...layersOf(fleet, name, layers)].flatMap((owner) => own.get(owner) ?? []).join('')}`,
      )
      .digest('hex')
      .slice(0, 32);
  return new Map([
    ...fleet.hypervisors.map((h) => [h.name, digest(h.name, h.system)] as const),
    ...fleet.vms.map((v) => [v.name, digest(v.name, systems.get(v.on))] as const),
  ]);
}
