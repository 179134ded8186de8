// docs/licences.md, from package-lock.json and what is installed.
import { bundled, installed, read } from './run-time.ts';

/** The page as text. */
export function licencesPage() {
  const { packages } = read('package-lock.json');
  const row = (path, how) => {
    // Where the lock names none it stands in an older field.
    const { version, license = read(`${path}/package.json`).licenses[0].type } = packages[path];
    return `| ${path.replace(/^.*node_modules\//, '')} | ${version} | ${license} | ${how} |`;
  };
  const rows = [
    ...bundled.map((name) => row(`node_modules/${name}`, 'part of `dist/`, its licence beside it')),
    ...installed(packages).map(([path, { optional }]) =>
      row(path, optional ? 'beside fleet, optional' : 'beside fleet'),
    ),
  ];
  return `# Licences

fleet is under the [MIT licence](../LICENSE). These ${rows.length} packages are with it at run time, and no others. Those beside
fleet are installed by npm, with their licences in them; none of them needs an install script. For programs:
\`npm run sbom -- cyclonedx\` or \`spdx\` in a checkout.

The bundle of the [Action](action.md) has fleet and those that are not optional in it, with the licence of each in its folder
\`licenses\`.

| package | version | licence | where |
|---|---|---|---|
${rows.join('\n')}
`;
}
