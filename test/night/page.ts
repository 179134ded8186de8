import { wrap } from '../../src/report/wrap.ts';
import type { Fault, Step } from './fault.ts';
import type { Part } from './faults.ts';

const head = `<!-- run by test/night/night.test.ts -->
# On call

You are on call, and something is wrong. You need this repository, Node, and ssh to the hypervisors. You need not know Nix.

Begin with this, whatever you were told:

    fleet status

What is wrong stands first, each with its reason and the command to type next. Then:

1. Type the command that the screen names.
2. It says what it does, asks before it changes anything that matters, and looks whether the guests are well.
3. \`fleet status\` again: exit code 0 and "nothing wrong" is the end of it.

If it does not help: \`fleet status NAME\` tells all that is known of one guest or hypervisor, \`fleet logs NAME\` what it said
last, \`fleet rollback NAME\` takes back what was deployed last. None of this touches what is on a volume, and Ctrl-C is safe:
what was begun is finished, or rolled back.

If you have to wake somebody: \`fleet incident NAME\` packs what they will ask for into one file, with the commands to type
by hand where fleet is not there.

No desk reaches a hypervisor, and you are at its console as root: \`fleet status --local\` there, then \`fleet verify --local\`,
\`fleet restart web1 --local\`, \`fleet rollback web1 --local\`, with the checks, questions and locks as from a desk, and without ssh or a network. That
hypervisor alone is asked, and its last deployed fleet.yaml is read. It needs [\`cli: true\`](nix.md#fleet-on-a-hypervisor-itself) of that
hypervisor, from a deployment before; where fleet is not there, an archive of \`fleet incident\` has the commands to type by hand.
Closing the terminal in mid-roll-back is safe: the hypervisor finishes, or goes back, by itself.

Hypervisors can tell you by themselves: [alerts](alerts.md); \`fleet alerts\` shows what they tell.

Each fault below is made by a test, on pretend hypervisors and (marked *lab*) on real ones. The test types these commands and
no others, at most three, and reads on the screen what stands here. \`…\` stands for what differs each time. The guest is
called web1, web2 or db1, its hypervisor hv1 or hv2.
`;

/** docs/on-call.md: every fault with its way out. */
export function page(parts: readonly Part[]): string {
  const all = parts.flatMap(({ faults }) => faults);
  const rows = all.map(
    (fault) => `| [${fault.symptom}](#${anchor(fault.symptom)}) | ${ways(fault)} |`,
  );
  const sections = parts.flatMap(({ title, faults }) => [`## ${title}\n`, ...faults.map(section)]);
  return `${[head, '| what you see | what mends it |', '|---|---|', ...rows, '', ...sections].join('\n')}`;
}

const anchor = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/ /g, '-');

const typed = (step: Step): string | undefined => {
  if ('fleet' in step) return `fleet ${step.as ?? step.fleet.replace(' --yes', '')}`;
  return 'printed' in step ? step.as : undefined;
};

/** What comes after the first look. */
function ways({ steps }: Fault): string {
  const named = steps.slice(1).map((step) => {
    const command = typed(step);
    return command === undefined ? 'by hand' : `\`${command.replaceAll('|', '\\|')}\``;
  });
  return named.length === 0 ? 'nothing to do' : named.join(', ');
}

function section(fault: Fault): string {
  const steps = fault.steps.map((step, i) => `${i + 1}. ${stepText(step)}`);
  const mends = wrap(`${fault.mends}${fault.lab ? ' *lab*' : ''}`, 0, 120);
  return `### ${fault.symptom}\n\n${steps.join('\n').trimEnd()}\n\n${mends}\n`;
}

function stepText(step: Step): string {
  if ('hand' in step) return step.hand;
  const command = `\`${typed(step)}\``;
  const shows = 'shows' in step ? (step.shows ?? []) : [];
  if (shows.length === 0) return command;
  return `${command} shows:\n\n${shows.map((line) => `       ${line.trim()}`).join('\n')}\n`;
}
