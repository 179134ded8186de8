/** What the help of a command, and the manual, say beside its options. */
export interface HelpText {
  /** What to type, and what it does; the latter is left out where it is plain. */
  readonly examples: readonly (readonly [line: string, does?: string])[];
  /** What exit codes mean; those of every command are not repeated. */
  readonly exits: Readonly<Record<number, string>>;
  /** Codes of every command that this one cannot give: it reads no fleet.yaml, or is done at once. */
  readonly never?: readonly (keyof typeof everyExit)[];
}

const signals = '(129, 143: the terminal was closed, SIGTERM)';

/** Exit codes that any command may give. */
export const everyExit = {
  64: 'bad usage',
  65: 'a mistake in fleet.yaml',
  130: `interrupted ${signals}`,
} as const satisfies HelpText['exits'];

/** All exit codes that a command can give. One that passes on those of another command has a single one of its own. */
export function exitsOf({ exits, never = [] }: HelpText): HelpText['exits'] {
  if (255 in exits) return exits;
  const every = Object.entries(everyExit).filter(([code]) => !never.some((no) => `${no}` === code));
  return { ...Object.fromEntries(every), ...exits };
}

const changing: HelpText['exits'] = {
  0: 'done, or nothing to do',
  1: 'failed; no hypervisor was changed (a commit may be pushed)',
  3: 'failed and rolled back',
  4: 'rolling back failed: somebody has to look',
  5: 'somebody else deploys: a hypervisor is locked',
  6: 'stopped part-way: some hypervisors keep the new state',
  130: `interrupted ${signals}; changes were rolled back`,
};

const operating: HelpText['exits'] = {
  0: 'done, or so already',
  1: 'not healthy, or not done',
  5: 'somebody else is at work there',
  130: `interrupted ${signals}; what had begun goes on there, to its end (fleet history)`,
};

const ending: HelpText['exits'] = { 130: `Ctrl-C, which is how it ends ${signals}` };

const looking: HelpText['exits'] = { 0: 'all is well', 1: 'something is wrong, or did not answer' };

/** Of `fleet` itself. */
export const ownHelp: HelpText = {
  examples: [
    ['fleet demo', 'see it work, on pretend hypervisors'],
    ['fleet init', 'begin: write a first fleet.yaml'],
    ['fleet plan', 'what would change, and what is wrong'],
    ['fleet apply', 'deploy it, or roll it back where it fails'],
    ['fleet rollback web1', 'go back, without git or a build'],
  ],
  exits: { ...changing, 130: `interrupted ${signals}; what a deployment changed was rolled back` },
};

/** Of each command. */
export const helpTexts: Readonly<Record<string, HelpText>> = {
  validate: {
    examples: [
      ['fleet validate', 'every mistake at once, with its line'],
      ['fleet validate --json', 'the same for an editor or a pipeline'],
    ],
    exits: { 0: 'it can be used; there may be warnings' },
    never: [130],
  },
  show: {
    examples: [
      ['fleet show web1', 'its values, and the lines they come from'],
      ['fleet show networks.web1', 'the network, where a vm has that name, too'],
      ['fleet show web1 --host-key >> ~/.ssh/known_hosts', 'for an ssh of your own'],
    ],
    exits: { 0: 'shown', 1: '--host-key: its hypervisor did not answer, or gave it none' },
  },
  render: {
    examples: [
      ['fleet render', 'write the Nix files; apply does it, too'],
      ['fleet render --check', 'in a pipeline: are they up to date?'],
    ],
    exits: { 0: 'up to date, or written', 1: '--check: a file is not up to date; or not written' },
    never: [130],
  },
  plan: {
    examples: [
      ['fleet plan', 'what apply would do, and what is wrong'],
      ['fleet plan --on web1,@canary', 'of some vms or hypervisors'],
      ['fleet plan --out tonight.plan', 'save it, for fleet apply tonight.plan'],
      ['fleet plan --offline', 'rendered files only'],
      ['fleet plan --build', 'and does it build? See fleet build'],
    ],
    exits: {
      0: 'planned',
      1: 'no hypervisor could be asked; --build: a machine does not build; --detailed-exitcode: something is wrong',
      2: '--detailed-exitcode: there are changes',
    },
  },
  build: {
    examples: [
      ['fleet build', 'every machine: is there a mistake that only Nix finds?'],
      ['fleet build web1,@canary', 'some vms or hypervisors'],
      ['fleet build --at here', 'for a pipeline: without ssh'],
      ['fleet build --at hypervisor', 'where there is no Nix here'],
    ],
    exits: { 0: 'all of it builds', 1: 'a machine does not build, or could not be built' },
  },
  apply: {
    examples: [
      ['fleet apply', 'plan, ask, deploy'],
      ['fleet apply --on @canary --yes', 'a part of the fleet, without asking'],
      ['fleet apply --restart never', 'build and switch; guests that run wait for fleet restart'],
      ['fleet apply --lock-timeout 10m', 'wait while somebody else deploys'],
      ['fleet apply --export', 'and fetch what the vms export'],
      ['fleet apply --resume', 'take up a deployment that was interrupted'],
      ['fleet apply --resume --undo', 'or roll it back'],
    ],
    exits: changing,
  },
  status: {
    examples: [
      ['fleet status', 'what is wrong and why, then everything'],
      ['fleet status web1', 'its whole story: checks, events, deployments, last lines'],
      ['fleet status @canary hv2', 'a part of the fleet'],
      ['fleet status --watch', 'what is wrong and what moves, until Ctrl-C'],
      ['fleet status --watch --json', 'for a program: a document each look, a line each'],
      ['fleet status --local', 'on a hypervisor itself, as root, of that one'],
    ],
    exits: looking,
  },
  alerts: {
    examples: [
      ['fleet alerts', 'what fires, what may, what is over'],
      ['fleet alerts @frontend', 'of a part of the fleet'],
      ['fleet alerts --prometheus > fleet.rules.yml', 'the same rules for a Prometheus'],
      ['fleet alerts --grafana > fleet.json', 'a dashboard'],
    ],
    exits: { 0: 'nothing fires', 1: 'something fires, or a hypervisor did not answer' },
  },
  top: {
    examples: [
      ['fleet top', 'all, who uses most memory first'],
      ['fleet top @batch hv2', 'a part of the fleet'],
      ['fleet top --watch', 'the same, live, until Ctrl-C'],
    ],
    exits: { 0: 'told', 1: 'a hypervisor did not say' },
  },
  verify: {
    examples: [
      ['fleet verify', 'look at everything, change nothing'],
      ['fleet verify --on hv1', 'one hypervisor and its vms'],
    ],
    exits: looking,
  },
  doctor: {
    examples: [
      ['fleet doctor', 'look at everything, change nothing'],
      ['fleet doctor hv1', 'this machine, git, and one hypervisor'],
      ['fleet doctor --json', 'the same for a pipeline'],
    ],
    exits: { 0: 'nothing is wrong; notes do not count', 1: 'something is: its fix is told' },
    never: [65],
  },
  export: {
    examples: [
      ['fleet export', 'every file that a vm exports'],
      ['fleet export kind', 'those of one vm'],
      ['eval "$(fleet export kind --env)"', 'and kubectl finds it'],
    ],
    exits: { 0: 'it is all there', 1: 'a file could not be fetched or written' },
  },
  rollback: {
    examples: [
      ['fleet rollback --list web1', 'which generations there are'],
      ['fleet rollback web1', 'to the previous one that fits'],
      ['fleet rollback web1 db --to db=3', 'two, one of them to generation 3'],
    ],
    exits: changing,
  },
  exec: {
    examples: [
      ['fleet exec web1,web2 -- uptime', 'in two guests, as the first user with a key'],
      ["fleet exec 'hv*' -- df -h /", 'on hypervisors'],
      ["fleet exec @web -- 'systemctl is-active nginx && ss -tln'", 'for the shell there'],
      ['fleet exec --stdin web1 -- tar x < files.tar', 'give it a file to read'],
    ],
    exits: {
      0: 'each ended with 0; otherwise the highest exit code',
      255: 'a machine was not reached, a command took too long, or bad usage',
    },
  },
  console: {
    examples: [
      ['fleet console web1', 'its last 50 lines, and what follows, until Ctrl-C'],
      ['fleet console web1 --boot', 'restart it, and see it go down and come up'],
    ],
    exits: {
      0: 'whoever reads it has seen enough',
      1: 'its hypervisor did not answer, or --boot failed',
      5: '--boot: somebody else is at work there',
      ...ending,
    },
  },
  ssh: {
    examples: [
      ['fleet ssh web1', 'a shell in a guest, through its hypervisor'],
      ['fleet ssh hv1 -- uptime', 'a command'],
      ['fleet ssh -t web1 -- htop', 'with a terminal'],
    ],
    exits: { 0: 'as the command ended', 255: "ssh's own failure, or fleet's" },
  },
  forward: {
    examples: [
      ['fleet forward web1 8080:80', 'http://127.0.0.1:8080 is port 80 of web1'],
      ['fleet forward db 5432', 'the same port here'],
      ['fleet forward hv1 0:9100', 'of the hypervisor itself; any free port here'],
    ],
    exits: { 1: 'it could not be reached, or a port is in use here', ...ending },
  },
  diff: {
    examples: [
      ['fleet diff web1', 'what a roll-back would take back'],
      ['fleet diff web1 11 14', 'between two generations of rollback --list'],
    ],
    exits: { 0: 'shown', 1: 'it did not answer, or a generation was collected' },
  },
  start: {
    examples: [
      ['fleet start web1', 'unless it is up and well'],
      ['fleet start @canary --force', 'kill what is left, and start anew'],
    ],
    exits: operating,
  },
  stop: {
    examples: [
      ['fleet stop web1', 'until the next apply, or fleet start web1'],
      ['fleet stop web1 --hold', 'until fleet start web1, whatever is applied'],
      ['fleet stop hv1 --yes', 'all vms of hv1'],
    ],
    exits: operating,
  },
  restart: {
    examples: [
      ['fleet restart web1', 'and wait until it is well'],
      ['fleet restart web1 --force', 'one that hangs: it is killed at once'],
    ],
    exits: operating,
  },
  logs: {
    examples: [
      ['fleet logs web1', 'its last 50 lines: console and units'],
      ['fleet logs web1 db1 -f', 'and what they say from now on'],
      ['fleet logs web1 --since 15m --unit console', 'its console alone'],
      ['fleet logs web1 --deployment 20261128-1552', 'what it said in a deployment'],
      ['fleet logs hv1', "a hypervisor's own journal"],
    ],
    exits: {
      0: 'shown',
      1: 'a hypervisor did not answer',
      130: `Ctrl-C, which is how -f ends ${signals}`,
    },
  },
  events: {
    examples: [
      ['fleet events', 'the last 50 of each hypervisor'],
      ['fleet events web1 --since 7d', 'what happened to one vm in a week'],
      ['fleet events -f', 'and what happens from now on'],
      ['fleet events --json --since 1h', 'for programs'],
    ],
    exits: {
      0: 'shown',
      1: 'a hypervisor did not answer',
      130: `Ctrl-C, which is how -f ends ${signals}`,
    },
  },
  history: {
    examples: [
      ['fleet history', 'the last 20 deployments'],
      ['fleet history web1 --last 100', 'those about one vm'],
      ['fleet history 4f1c9a2e', 'those of a commit'],
    ],
    exits: { 0: 'shown', 1: 'a hypervisor did not answer' },
  },
  incident: {
    examples: [
      ['fleet incident web1', 'status, deployments, logs, network, and a page for by hand'],
      ["fleet incident hv1 'web*' -o tonight.tar.gz", 'of several, into one'],
    ],
    exits: { 0: 'written', 1: 'not written, or something is missing in it: it says what' },
  },
  unlock: {
    examples: [['fleet unlock hv1', 'roll back what a dead deployment left, and free hv1']],
    exits: {
      0: 'it is free',
      1: 'not done, or you said no',
      4: changing[4] ?? '',
      5: 'the deployment is still running',
    },
  },
  gc: {
    examples: [
      ['fleet gc', 'show what is old everywhere, ask, delete'],
      ['fleet gc hv1 --keep 3 --days 7', 'on one hypervisor, and more of it'],
    ],
    exits: {
      0: 'done',
      1: 'not done on a hypervisor, or you said no',
      130: `interrupted ${signals}; a collection that had begun goes on there, to its end`,
    },
  },
  cleanup: {
    examples: [
      ['fleet cleanup', 'show what nobody owns anywhere, ask, delete'],
      ['fleet cleanup hv1 --volumes web9', 'and the volumes of web9, which left the fleet'],
      ['fleet cleanup --yes --json', 'all but volumes, without asking'],
    ],
    exits: { 0: 'done, or nothing to do', 1: 'not done on a hypervisor, or you said no' },
  },
  update: {
    examples: [
      ['fleet update', 'all inputs'],
      ['fleet update nixpkgs', 'one of them'],
    ],
    exits: { 0: 'renewed, or up to date already', 1: 'Nix could not do it; nothing was changed' },
  },
  init: {
    examples: [
      ['fleet init', 'asks what it needs to know'],
      ['fleet init --from root@hv1.example.org', 'of what that machine runs already'],
      ['fleet init --ssh root@hv1 --commit', 'and commits it'],
    ],
    exits: { 0: 'written', 1: 'failed: there is a fleet.yaml, or the host did not answer' },
  },
  schema: {
    examples: [
      ['fleet schema > fleet.schema.json', 'what editors complete and check with'],
      ['fleet schema documents', 'what --json prints; event: a line of --json-stream'],
    ],
    exits: { 0: 'printed' },
    never: [65, 130],
  },
  demo: {
    examples: [
      ['fleet demo', 'a minute of fleet; nothing stays behind'],
      ['fleet demo --keep', 'afterwards play on, in another terminal'],
    ],
    exits: { 0: 'all went as it should', 1: 'it did not' },
    never: [65],
  },
  completion: {
    examples: [
      ['source <(fleet completion bash)', 'in ~/.bashrc'],
      ['source <(fleet completion zsh)', 'in ~/.zshrc, after compinit'],
      ['fleet completion fish | source', 'in ~/.config/fish/config.fish'],
    ],
    exits: { 0: 'printed' },
    never: [65, 130],
  },
};
