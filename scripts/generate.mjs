/**
 * Brings the *.generated.ts of src up to date, which git ignores: quick when they are. Runs at `npm ci` and before builds,
 * checks and tests. With --page it also writes what is made and committed: docs/fleet-yaml.md, docs/commands.md and
 * the schemas of what fleet prints; with --check it fails when one of these is out of date.
 */
import { globSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const madeOf = [
  'package-lock.json',
  'schemas/fleet.schema.json',
  'scripts/gen*.mjs',
  'src/render/modules/*.sh',
  'src/host/scripts/*.sh',
  'src/render/modules/*.jq',
];
const made = ['config/schema', 'config/validate', 'config/defaults', 'render/modules/shell'];

const changedAt = (path) => statSync(root + path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** @returns {Promise<void>} */
export default async function generate() {
  const oldest = Math.min(...made.map((name) => changedAt(`src/${name}.generated.ts`)));
  const youngest = Math.max(...globSync(madeOf, { cwd: root }).map(changedAt));
  if (youngest < oldest) return;
  const { sources } = await import('./generated-sources.mjs');
  for (const [path, text] of Object.entries(sources)) {
    // Whoever reads at the same time reads a whole one.
    writeFileSync(`${root}${path}.${process.pid}`, text);
    renameSync(`${root}${path}.${process.pid}`, root + path);
  }
}

if (import.meta.main) {
  await generate();
  if (process.argv.length > 2) await committed(process.argv[2]);
}

async function committed(option) {
  const [{ fleetYamlPage }, { commandsPage }, { licencesPage }, { jsonSchemas }] =
    await Promise.all([
      import('./fleet-yaml-page.mjs'),
      import('./commands-page.mjs'),
      import('./licences-page.mjs'),
      import('./json-schemas.mjs'),
    ]);
  const schema = JSON.parse(readFileSync(`${root}schemas/fleet.schema.json`, 'utf8'));
  const texts = {
    'docs/fleet-yaml.md': fleetYamlPage(schema),
    'docs/commands.md': commandsPage(),
    'docs/licences.md': licencesPage(),
    ...jsonSchemas(),
  };
  for (const [path, text] of Object.entries(texts)) {
    if (option === '--page') writeFileSync(root + path, text);
    else if (readFileSync(root + path, 'utf8') !== text) {
      console.error(`${path} is out of date: npm run generate`);
      process.exitCode = 1;
    }
  }
}
