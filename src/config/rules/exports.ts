import { placeFault } from '../../model/export-place.ts';
import { placeholders, placeholdersIn, publishedPort } from '../../model/export-text.ts';
import type { Finding, Path } from '../finding.ts';
import type { Draft } from '../normalise.ts';
import { published } from '../ports.ts';
import type { Export } from '../schema.generated.ts';

/** Whoever writes fleet.yaml decides what is written on the computers of all who use it: nothing that runs there. */
export function* exportPlaces({ layers }: Draft): Iterable<Finding> {
  for (const { at, one } of exportsIn(layers)) {
    const { to, merge } = one;
    if (to === undefined) {
      if (merge !== undefined) continue;
      const message = 'to is missing: where is it written?';
      yield {
        code: 'E543',
        path: at,
        message,
        hint: 'add to: ~/tokens/NAME, or merge: kubeconfig',
      };
      continue;
    }
    const path = [...at, 'to'];
    const fault = placeFault(to, merge !== undefined);
    if (fault) yield { code: 'E543', path, ...fault };
  }
}

/** No export takes the place of another. */
export function* distinctExports({ vms }: Draft): Iterable<Finding> {
  const owners = new Map<string, string>();
  for (const vm of vms.values()) {
    for (const { at, one } of exportsIn(vm.layers)) {
      const { merge, to = '~/.kube/config', context = vm.name } = one;
      const as = merge === undefined ? '' : `, context ${context}`;
      const owner = owners.get(to + as) ?? (as === '' ? undefined : owners.get(to));
      if (owner === undefined) {
        owners.set(to + as, vm.name);
        continue;
      }
      yield {
        code: 'E543',
        path: [...at, to === one.to ? 'to' : 'merge'],
        message: `an export of vm ${owner} is written to ${to}${as} already (vm ${vm.name})`,
        hint:
          merge === undefined ? 'give each a place of its own' : 'give each a context of its own',
      };
    }
  }
}

/** A context is one of a kubeconfig, and what is put in for a text is known. */
export function* exportTexts({ layers }: Draft): Iterable<Finding> {
  for (const { at, one } of exportsIn(layers)) {
    if (one.context !== undefined && one.merge === undefined) {
      const message = 'context is for merge: kubeconfig only';
      yield {
        code: 'E544',
        path: [...at, 'context'],
        on: 'key',
        message,
        hint: 'add merge: kubeconfig',
      };
    }
    for (const [from, text] of Object.entries(one.replace ?? {})) {
      const unknown = placeholdersIn(text).find((name) => !placeholders.some((p) => p === name));
      if (unknown === undefined) continue;
      const message = `there is nothing to put in for {${unknown}}`;
      const hint = `one of ${placeholders.map((name) => `{${name}}`).join(', ')}`;
      yield { code: 'E544', path: [...at, 'replace', from], message, hint };
    }
  }
}

/** A port is known for every `{port}`. */
export function* exportPorts({ vms }: Draft): Iterable<Finding> {
  for (const vm of vms.values()) {
    const publish = vm.merged.publish.map(published);
    for (const { at, one } of exportsIn(vm.layers)) {
      for (const [from, text] of Object.entries(one.replace ?? {})) {
        if (!placeholdersIn(text).includes('port')) continue;
        if (publishedPort(from, publish) !== undefined) continue;
        yield {
          code: 'E544',
          path: [...at, 'replace', from],
          message: `which port is {port}? vm ${vm.name} publishes ${publish.length === 0 ? 'none' : 'none that this stands for'}`,
          hint: 'publish the port, and let the replaced text end with it: publish: ["8443:6443/tcp"], replace: { "127.0.0.1:6443": "{hypervisor}:{port}" }',
        };
      }
    }
  }
}

function exportsIn(layers: Draft['layers']): { readonly at: Path; readonly one: Export }[] {
  return layers.flatMap(({ path, settings }) =>
    (settings.exports ?? []).map((one, i) => ({ at: [...path, 'exports', i], one })),
  );
}
