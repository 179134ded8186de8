import { Argument, Command, Option } from 'commander';
import { logUnits } from '../model/log-line.ts';
import type { OperationKind } from '../model/operation-result.ts';
import { schemaNames } from '../model/schema-names.ts';
import { type Invocation, usual } from './options.ts';

/** What a command does. Its code is loaded when it runs. @returns the exit code */
export type Execute<O extends object> = (
  invocation: Invocation,
  options: O,
  names: string[],
) => Promise<number>;

/** Takes a command's declaration, and what loads its code. */
export type Declare = <O extends object>(
  declared: Command,
  load: () => Promise<Execute<O>>,
  /**
   * hidden: no help lists it. passes: it gives the exit code of a command elsewhere; fleet's own failure is 255 then.
   * deploys: what it streams is about one deployment. local: it also runs on a hypervisor itself.
   */
  more?: {
    readonly hidden?: boolean;
    readonly passes?: boolean;
    readonly deploys?: boolean;
    readonly local?: boolean;
  },
) => void;

/** For whoever is on the hypervisor itself, at its console for one: no ssh. */
function addLocalOptions(command: Command): void {
  command
    .option('--local', 'on a hypervisor, as root: about this machine alone, without ssh')
    .addOption(
      new Option(
        '--local-as <name>',
        'the same, where neither its files nor its host name say which hypervisor it is',
      ),
    );
}

/** Options of every command. */
export function addCommonOptions(program: Command): void {
  program
    .option('-C, --directory <dir>', 'the fleet repository', usual.directory)
    .option('--config <file>', 'name of the fleet file in it', usual.config)
    .addOption(
      new Option('--ssh-config <file>', 'instead of ~/.ssh/config').env('FLEET_SSH_CONFIG'),
    )
    .addOption(
      new Option('-q, --quiet', 'results, warnings and errors; no progress').conflicts('verbose'),
    )
    .option('--verbose', 'also each ssh connection, and each script that runs on a hypervisor');
}

const on = new Option('--on <selector>', 'names, web*, @tag; comma-separated');
const at = new Option(
  '--at <place>',
  "where to build; default: here, where this machine's Nix builds for the system, else on the hypervisor",
).choices(['here', 'hypervisor']);
const asJson = new Option('--json', 'one JSON document on standard output');
const asStream = new Option(
  '--json-stream',
  'a line of JSON on standard output for everything that happens, the result last',
).conflicts('json');
const lockTimeout = new Option(
  '--lock-timeout <duration>',
  'wait that long while somebody else deploys, as in 10m',
);

/** All commands, in the order in which help lists them. */
export function declareCommands(declare: Declare): void {
  const command: Declare = (declared, load, more) => {
    if (more?.local) addLocalOptions(declared);
    declare(declared, load, more);
  };
  command(
    new Command('validate')
      .description('check fleet.yaml')
      .option('--ci', 'also refuse an ssh destination that names no user')
      .addOption(asJson),
    async () => (await import('./validate.ts')).validateCommand,
  );
  command(
    new Command('show')
      .description('a vm, hypervisor or network with every value and the line it came from')
      .argument('<name>', 'as in fleet.yaml; networks.NAME where a vm has that name, too')
      .option(
        '--host-key',
        'instead, the line of a vm for known_hosts: asks its hypervisor for the key that it gave it',
      )
      .addOption(asJson),
    async () => (await import('./show.ts')).showCommand,
  );
  command(
    new Command('render')
      .description('render fleet.yaml to Nix files')
      .option('--check', 'write nothing; fail when a file is not up to date')
      .addOption(asJson),
    async () => (await import('./render.ts')).renderCommand,
  );
  command(
    new Command('plan')
      .description('show what apply would do, and what is wrong')
      .option('--offline', 'only compare files; contact no hypervisor')
      .option(
        '--against <commit>',
        'with --offline: say what changes and restarts since this commit; default: the branch as last seen at the remote',
      )
      .addOption(on)
      .option('--release <names>', 'plan as if these were not held; comma-separated')
      .option('--no-diff', 'names of files instead of diffs')
      .option(
        '--detailed-exitcode',
        'exit 2 when there are changes, 1 when something is unhealthy or cannot be applied',
      )
      .option('--out <file>', 'save the plan; apply FILE then does exactly that, or nothing')
      .option('--build', 'also build what would change, as fleet build does')
      .addOption(at)
      .addOption(asJson)
      .addOption(
        new Option(
          '--markdown',
          'as Markdown, for a comment or a page; text of others is escaped',
        ).conflicts('json'),
      ),
    async () => (await import('./plan.ts')).planCommand,
  );
  command(
    new Command('build')
      .description('evaluate and build what apply would commit, and touch nothing that runs')
      .argument('[selector]', 'hypervisors, or vms on them: names, web*, @tag; default: all')
      .addOption(at)
      .addOption(asJson),
    async () => (await import('./build.ts')).buildCommand,
  );
  command(
    new Command('apply')
      .description('commit, push, build, activate and verify; roll back what fails')
      .argument('[plan]', 'a plan that `fleet plan --out` saved; applied without asking')
      .addOption(on)
      .option('-y, --yes', 'do not ask')
      .option('--allow-unreachable', 'leave out hypervisors that cannot be reached')
      .option('--release <names>', 'deploy held vms or hypervisors again; comma-separated')
      .option('--drop <names>', 'what a first switch may remove: bridges, vms, addresses')
      .option(
        '--restart <names>',
        'also restart these vms; comma-separated; never: no vm that runs, what is built for it waits',
      )
      .option('--export', 'then fetch what vms export, also without a terminal')
      .option('--force', 'deploy a quarantined commit, or one whose history lacks what runs')
      .option('--resume [id]', 'resume an interrupted deployment and finish it')
      .option('--undo', 'with --resume: roll back what it changed instead')
      .addOption(lockTimeout)
      .addOption(asJson)
      .addOption(asStream),
    async () => (await import('./apply.ts')).applyCommand,
    { deploys: true },
  );
  command(
    new Command('status')
      .description('how everything is that runs, the worst first; exit 1 when anything is wrong')
      .argument('[names...]', 'one name: its whole story; several, web*, @tag: a table of these')
      .option(
        '-w, --watch',
        'look every two seconds, and redraw the screen, until Ctrl-C; with --json a line each look',
      )
      .addOption(asJson),
    async () => (await import('./status.ts')).statusCommand,
    { local: true },
  );
  command(
    new Command('alerts')
      .description('what hypervisors alert about, now and lately; exit 1 when anything fires')
      .argument('[names...]', 'vms or hypervisors; web*, @tag; default: all')
      .addOption(
        new Option(
          '--prometheus',
          'instead, the rules as a file of rules for Prometheus',
        ).conflicts('grafana'),
      )
      .option('--grafana', 'instead, a dashboard for Grafana, to import')
      .addOption(asJson),
    async () => (await import('./alerts.ts')).alertsCommand,
    { local: true },
  );
  command(
    new Command('top')
      .description('what is reserved and what is used, of every hypervisor and vm')
      .argument('[names...]', 'vms and hypervisors: names, web*, @tag; default: all')
      .option('-w, --watch', 'look every five seconds, and redraw the screen, until Ctrl-C')
      .addOption(asJson),
    async () => (await import('./top.ts')).topCommand,
    { local: true },
  );
  command(
    new Command('verify')
      .description('check every bridge, TAP and guest')
      .addOption(on)
      .addOption(asJson),
    async () => (await import('./verify.ts')).verifyCommand,
    { local: true },
  );
  command(
    new Command('doctor')
      .description(
        'find what keeps the fleet from being deployed from here: ssh, git, fleet.yaml, hypervisors; exit 1 when anything does',
      )
      .argument('[selector]', 'hypervisors, or vms on them: names, web*, @tag; default: all')
      .addOption(asJson),
    async () => (await import('./doctor.ts')).doctorCommand,
  );
  command(
    new Command('export')
      .description('fetch files that vms export, such as a kubeconfig, to this computer')
      .argument('[names...]', 'vms, web*, @tag; default: all that export something')
      .addOption(
        new Option('--env', 'print the line that sets KUBECONFIG, for eval').conflicts('json'),
      )
      .option('--overwrite', 'also replace files that fleet did not write')
      .addOption(asJson),
    async () => (await import('./export.ts')).exportCommand,
  );
  command(
    new Command('rollback')
      .description('return vms or hypervisors to a previous generation')
      .argument('[names...]', 'vms or hypervisors')
      .option(
        '--to <generation>',
        'N that --list shows, or NAME=N (once for each name); default: the previous one that fits',
        (value, before: readonly string[] = []) => [...before, value],
      )
      .option('--list', 'list the generations to return to')
      .option('-y, --yes', 'do not ask')
      .addOption(lockTimeout)
      .addOption(asJson)
      .addOption(asStream),
    async () => (await import('./rollback.ts')).rollbackCommand,
    { deploys: true, local: true },
  );
  const asks = (kind: OperationKind) =>
    kind === 'stop'
      ? 'only where more than one vm stops, not for what depends on it'
      : 'only where --force kills more than one vm';
  const operation = (kind: OperationKind, what: string, more: readonly Option[] = []) => {
    const declared = new Command(kind)
      .description(what)
      .argument('<names...>', 'vms, hypervisors for all of theirs, web*, @tag')
      .option('--force', 'kill at once what runs, also what is healthy')
      .option('-y, --yes', `do not ask; it asks ${asks(kind)}`);
    for (const option of more) declared.addOption(option);
    command(
      declared.addOption(lockTimeout).addOption(asJson).addOption(asStream),
      async () => (await import('./operate.ts')).operateCommand(kind),
      { local: true },
    );
  };
  operation('start', 'start vms that do not run or are not well, and wait until they are');
  operation('stop', 'stop vms until the next apply, or fleet start', [
    new Option('--hold', 'until fleet start, or apply --release: apply leaves them stopped'),
  ]);
  operation('restart', 'restart vms, and wait until they are well');
  command(
    new Command('diff')
      .description('how two generations of a vm or hypervisor differ')
      .argument('<name>', 'a vm or hypervisor')
      .argument('[a]', 'number of a generation; default: the one that rollback returns to')
      .argument('[b]', 'number of another; default: the current one')
      .addOption(asJson),
    async () => (await import('./diff.ts')).diffCommand,
    { local: true },
  );
  command(
    new Command('history')
      .description('what was deployed, when, by whom, and how it went')
      .argument(
        '[name]',
        'a vm, a hypervisor, a branch, or (the beginning of) the id of a deployment or commit',
      )
      .option('--last <n>', 'only the newest n; default: 20')
      .addOption(asJson),
    async () => (await import('./history.ts')).historyCommand,
    { local: true },
  );
  command(
    new Command('exec')
      .description('run a command on hypervisors and in guests, side by side')
      .argument('<selector>', 'names, web*, @tag; comma-separated')
      .argument(
        '[command...]',
        "behind --; its words are joined by blanks, for the user's shell there, as ssh does",
      )
      .option('--user <name>', 'who to be in guests; default: the first user with a key')
      .option('--timeout <duration>', 'what each may take; default: 10m')
      .option('--stdin', 'give each what comes on standard input; default: nothing')
      .option('--group', 'the output of each as a whole, when it has ended')
      .addOption(asJson),
    async () => (await import('./exec.ts')).execCommand,
    { passes: true },
  );
  command(
    new Command('console')
      .description('what a guest writes to its serial console, as it is written; read-only')
      .argument('<vm>')
      .option('--boot', 'restart the vm, or start it, and show it from there on')
      .option('-n, --lines <n>', 'begin with the last n; default: 50')
      .addOption(lockTimeout)
      .addOption(new Option('--json', 'a line of JSON for each on standard output')),
    async () => (await import('./console.ts')).consoleCommand,
    { local: true },
  );
  command(
    new Command('ssh')
      .description('log in to a hypervisor, or to a guest through its hypervisor')
      .argument('<name>', 'a hypervisor or vm')
      .argument(
        '[command...]',
        "behind --; its words are joined by blanks, for the user's shell there, as ssh does",
      )
      .option('--user <name>', 'who to be; in a vm the first user with a key by default')
      .option('-t, --tty', 'give the command a terminal'),
    async () => (await import('./ssh.ts')).sshCommand,
    { passes: true },
  );
  command(
    new Command('forward')
      .description('reach ports of a vm or hypervisor from here, through the hypervisor')
      .argument('<name>', 'a vm or hypervisor')
      .argument('<ports...>', '[LOCAL:]PORT; LOCAL is on 127.0.0.1, 0 is any free one')
      .addOption(asJson),
    async () => (await import('./forward.ts')).forwardCommand,
  );
  command(
    new Command('logs')
      .description('what guests, their units and hypervisors have said; times are UTC')
      .argument('<names...>', 'vms or hypervisors; web*, @tag')
      .option('-f, --follow', 'go on with what is written from now on, until Ctrl-C')
      .option('-n, --lines <n>', 'only the last n of each; default: 50, in a span of time 1000')
      .option('--since <time>', '15m, 2h, 3d; 2026-11-29, "2026-11-29 08:41" (UTC)')
      .option('--deployment <id>', 'what was said during it; the beginning of its id is enough')
      .addOption(
        new Option(
          '--unit <unit>',
          "one part alone; console: the guest's, fleet: fleet's own",
        ).choices([...logUnits]),
      )
      .addOption(
        new Option(
          '--json',
          'one JSON document on standard output; with -f a line of JSON for each',
        ),
      ),
    async () => (await import('./logs.ts')).logsCommand,
    { local: true },
  );
  command(
    new Command('events')
      .description('what happened on hypervisors and to their vms, as they remember it; UTC')
      .argument('[names...]', 'vms or hypervisors; web*, @tag; default: all')
      .option('-f, --follow', 'go on with what happens from now on, until Ctrl-C')
      .option('-n, --lines <n>', 'only the last n of each hypervisor; default: 50')
      .option('--since <time>', '15m, 2h, 3d; 2026-11-29, "2026-11-29 08:41" (UTC)')
      .addOption(new Option('--json', 'a line of JSON for each on standard output')),
    async () => (await import('./events.ts')).eventsCommand,
    { local: true },
  );
  command(
    new Command('incident')
      .description('put all that is known into one archive; what looks like a secret is left out')
      .argument('<names...>', 'vms, or hypervisors themselves; web*, @tag')
      .option('-o, --output <file>', 'default: fleet-incident-NAME-TIME.tar.gz, in this folder')
      .addOption(asJson),
    async () => (await import('./incident.ts')).incidentCommand,
    { local: true },
  );
  command(
    new Command('unlock')
      .description('end a deployment that died on a hypervisor')
      .argument('<hypervisor>')
      .option('-y, --yes', 'do not ask')
      .addOption(asJson),
    async () => (await import('./unlock.ts')).unlockCommand,
    { local: true },
  );
  command(
    new Command('gc')
      .description('delete old generations, and what of the store nothing needs any more')
      .argument('[selector]', 'hypervisors, or vms on them: names, web*, @tag; default: all')
      .option('--keep <n>', 'generations before the current one that stay whatever their age', '5')
      .option('--days <n>', 'younger ones stay', '30')
      .option('-y, --yes', 'do not ask')
      .addOption(asJson),
    async () => (await import('./gc.ts')).gcCommand,
  );
  command(
    new Command('cleanup')
      .description('delete what fleet has left on hypervisors and nobody owns any more')
      .argument('[selector]', 'hypervisors, or vms on them: names, web*, @tag; default: all')
      .option(
        '--volumes <gone>',
        'also volumes of these vms, which left the fleet; comma-separated',
      )
      .option('-y, --yes', 'do not ask')
      .addOption(asJson),
    async () => (await import('./cleanup.ts')).cleanupCommand,
  );
  command(
    new Command('update')
      .description('make flake.lock, or renew inputs in it')
      .argument('[inputs...]', 'inputs to renew; default: all of them')
      .addOption(asJson),
    async () => (await import('./update.ts')).updateCommand,
  );
  command(
    new Command('init')
      .description('write a first fleet.yaml, of what a hypervisor already runs if you wish')
      .option('--from <target>', 'as --ssh, and read its networks and vms')
      .option('--name <name>', 'name of the fleet')
      .option('--hypervisor <name>', 'name of the first hypervisor')
      .option('--ssh <target>', 'user@host[:port], or a Host of ~/.ssh/config')
      .option('--system <system>', 'x86_64-linux or aarch64-linux')
      .option('--state-version <version>', 'system.stateVersion of the hypervisor')
      .option('--uplink <interface>', 'interface that NAT goes out of')
      .option('--ssh-key <file>', 'public key that may log in as root')
      .option(
        '--hardware <file>',
        'hardware configuration to copy; default: read from the hypervisor',
      )
      .addOption(
        new Option(
          '--ci <forge>',
          'write its workflows, also where there is a fleet.yaml; default: by the remote',
        ).choices(['github', 'forgejo', 'none']),
      )
      .option('--action <name>', "fleet's Action as OWNER/NAME@COMMIT; default: of this release")
      .option('--commit', 'commit what was written, in a new repository if there is none')
      .option('--no-commit', 'do not ask for that')
      .addOption(asJson),
    async () => (await import('./init.ts')).initCommand,
  );
  command(
    new Command('schema')
      .description('print the JSON Schema of fleet.yaml, or of what fleet prints for programs')
      .addArgument(
        new Argument(
          '[of]',
          'documents: of --json; event: of a line of --json-stream; default: fleet, which is fleet.yaml',
        ).choices([...schemaNames]),
      ),
    async () => (await import('./schema.ts')).schemaCommand,
  );
  command(
    new Command('demo')
      .description(
        'plan, apply and a roll-back on three pretend hypervisors, in a temporary folder',
      )
      .option('--keep', 'leave them running afterwards, to play with'),
    async () => (await import('./demo.ts')).demoCommand,
  );
  command(
    new Command('completion')
      .description('print what completes commands, options and names in a shell')
      .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish'])),
    async () => (await import('./completion.ts')).completionCommand,
  );
  command(
    new Command('complete').argument('[words...]'),
    async () => (await import('./completion.ts')).completeCommand,
    { hidden: true },
  );
}
