import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { installed, read } from '../../scripts/run-time.ts';

/** What `npm pack --json` tells of a package. */
export interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly integrity: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

/** Packs folders of this repository as they are into `to`. */
export function pack(to: string, ...folders: string[]): Packed[] {
  const args = ['pack', '--json', '--ignore-scripts', `--pack-destination=${to}`];
  const text = execFileSync('npm', [...args, ...folders.map((path) => `./${path}`)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 26,
  });
  return JSON.parse(text);
}

/**
 * A registry on loopback that has what is installed here for fleet's run time, and nothing else: so npm can install fleet
 * without another registry, and without a cache.
 * @param folder for its tarballs
 */
export async function startRegistry(folder: string): Promise<{ url: string; stop(): void }> {
  const paths = installed(read('package-lock.json').packages).map(([path]) => path);
  const documents = new Map<string, (url: string) => object>();
  for (const [i, { name, filename, integrity }] of pack(folder, ...paths).entries()) {
    const manifest = read(`${paths[i]}/package.json`);
    documents.set(name, (url) => ({
      name,
      'dist-tags': { latest: manifest.version },
      versions: {
        [manifest.version]: { ...manifest, dist: { tarball: `${url}/-/${filename}`, integrity } },
      },
    }));
  }
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/').slice(1);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const document = documents.get(path);
    if (document) response.end(JSON.stringify(document(url)));
    else if (path.startsWith('-/')) response.end(readFileSync(join(folder, basename(path))));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close() };
}
