import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** What a hypervisor promises between deployments, and the tests, by file and title, that show each. */
const criteria: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'guests are back after a reboot': {
    'test/lab/reboot.test.ts': [
      'come back as declared, one after another, each behind what it needs',
      'are as they should be, in their bridges, and nothing is left failed',
    ],
  },
  'state persists': {
    'test/lab/power-cuts.test.ts': [
      'a power cut at any write loses nothing that was told as written',
      'the same shell without any sync is found out',
    ],
    'test/lab/power-loss.test.ts': [
      'loses power right after it was confirmed: all is new, and every record is whole',
    ],
    'test/host/spool.test.ts': [
      'an event is a line of JSON with its number, in a folder of root alone',
    ],
  },
  'no overcommit': {
    'test/plan/admission.test.ts': [
      'is too little: the plan has the numbers',
      'of a stopped vm counts too',
    ],
    'test/model/capacity.test.ts': ['up to the last MiB is no shortage, one more is'],
  },
  'crashes are found, and recovered from': {
    'test/lab/looked-after/ends.ts': [
      '%s: told apart, and the guest runs again',
      'past its attempts it is given up once, with the reason, and a start begins anew',
    ],
    'test/lab/looked-after/watch.ts': [
      'one whose VMM hangs is found and restarted, and no other',
      'one whose virtiofsd died is restarted, though supervisord has started another',
    ],
    'test/lab/looked-after/boots.ts': [
      'a guest that was not well after three boots in a row is held back at the fourth, and said',
    ],
  },
  'every operation is reliable': {
    'test/lab/restart.test.ts': [
      'a guest that does not stop is killed after stopTimeout, and runs again',
      'killed while the guest stops, it leaves that to systemd, which starts the guest again',
    ],
    'test/chaos/random.test.ts': [
      'random deployments with random faults leave every guest and hypervisor old or new',
    ],
  },
  'tests run more than 80 % of the code': {
    'vitest.config.ts': ['thresholds: { lines: 80, branches: 80 }'],
  },
  'documented for production': {
    'docs/single-node.md': [],
    'docs/recovery.md': [],
    'test/docs/blocks.test.ts': [],
    'test/docs/links.test.ts': [],
    'test/docs/codes.test.ts': [
      'every code that fleet gives, also of a drift, is on the page of codes, once, and no other is',
    ],
  },
};

const root = fileURLToPath(new URL('../', import.meta.url));

/** It is the title of a test that is not skipped; or it is a setting. */
const isTold = (title: string, text: string): boolean =>
  (title.includes(':') && text.includes(`${title},\n`)) ||
  [...text.matchAll(/^ *(\w[\w.]*)(\([^()]*\))?\(\s*(['"`])(.*)\3/gm)].some(
    ([, call = '', , , named]) =>
      named === title && /^(test|it|scenario)(\.concurrent)?(\.(each|for))?$/.test(call),
  );

test.each(Object.entries(criteria))('what shows that %s is there', (_, shown) => {
  expect(Object.keys(shown).length).toBeGreaterThan(0);
  for (const [file, titles] of Object.entries(shown)) {
    expect(existsSync(root + file), file).toBe(true);
    const text = readFileSync(root + file, 'utf8');
    for (const title of titles) expect(isTold(title, text), `${title}: ${file}`).toBe(true);
  }
});

/** A command is options, questions and one call of app. What is longer than that is about options alone. */
const longOnesOfCli: Readonly<Record<string, string>> = {
  'commands.ts': 'options: every command, with its own',
  'completion/candidates.ts': 'options: which of them, and of their values, a shell offers',
  'help/texts.ts': 'options: examples and exit codes, below the help of each command',
  'options.ts': 'options: what several commands read of them',
};

test('a file of src/cli over 80 lines is one that is named here, with the reason', () => {
  const folder = `${root}src/cli/`;
  const long = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .filter((path) => readFileSync(folder + path, 'utf8').split('\n').length - 1 > 80);
  expect(long.sort()).toEqual(Object.keys(longOnesOfCli));
});
