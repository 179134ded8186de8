/** Import rules: a sentence for each. */
const pure = '^src/(config|model|nix|render|plan|init|host/answers)/';

/** What each folder may import of the others, but for those that have rules of their own below. */
const house = [
  ['nix', 'model/', 'A tree and its printer; what it says is not known there.'],
  ['config', 'model/', 'A text becomes a Fleet, whatever is made of it.'],
  ['render', '(nix|model)/', 'Files are made of a Fleet alone.'],
  ['plan', 'model/', 'The plan is made from facts as data, never over a connection.'],
  ['init', '(config|model)/|host/answers/', 'A fleet.yaml is made of answers, and read back.'],
  ['host', 'model/|own-files', 'A hypervisor is asked and told; what for is known above.'],
  [
    'deploy',
    '(host|model|plan)/',
    'The engine carries out a plan, and judges by its checks: there is one source of health.',
  ],
  [
    'app',
    '(config|deploy|host|init|model|plan|render|repo)/|own-files',
    'Use cases use what is below.',
  ],
  [
    'report',
    '(model/|plan/plan\\.ts$|config/)',
    'It shows results: of a plan the data, and what follows from it alone.',
  ],
].map(([folder, others, comment]) => ({
  name: `the-house-of-${folder}`,
  comment,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: `^src/(?!${folder}/|${others})` },
}));
module.exports = {
  forbidden: [
    ...house,
    {
      name: 'report-reads-no-fleet-yaml',
      comment: 'Of what reads fleet.yaml the report knows types.',
      severity: 'error',
      from: { path: '^src/report/' },
      to: { path: '^src/config/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'repo-knows-git-alone',
      comment: 'Trees, commits and remotes: whatever is in them.',
      severity: 'error',
      from: { path: '^src/repo/' },
      to: { path: '^src/(?!(repo|model)/)' },
    },
    {
      name: 'no-circular',
      comment:
        'A cycle means that two files are one theme, or that a type lives in the wrong place.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pure-core-imports-no-effects',
      comment: 'What is left of git and ssh in the data flow knows nothing that touches the world.',
      severity: 'error',
      from: { path: pure },
      to: { path: '^src/(repo|deploy|app|report|cli|sandbox)/|^src/host/(ssh|scripts)' },
    },
    {
      name: 'pure-core-touches-nothing',
      comment: 'Same input, same bytes: no file, process, network or terminal in the pure core.',
      severity: 'error',
      from: { path: pure },
      to: {
        path: '^(node:)?(fs|child_process|net|http|os|tty|readline)(/|$)|node_modules/(ssh2|simple-git|listr2)/',
        pathNot: '^(node:)?net$',
      },
    },
    {
      name: 'the-model-needs-nobody',
      comment: 'Everybody speaks in its terms: it can lean on none of them.',
      severity: 'error',
      from: { path: '^src/model/' },
      to: { path: '^src/(?!model/)' },
    },
    {
      name: 'engine-does-not-show',
      comment: 'The engine emits events; terminals and logs listen.',
      severity: 'error',
      from: { path: '^src/(deploy|host|repo)/' },
      to: { path: '^src/(app|report|cli)/|node_modules/commander/' },
    },
    {
      name: 'app-is-silent',
      comment:
        'Use cases give results and tell events: a terminal, a server and a pipeline are shown them each in their way.',
      severity: 'error',
      from: { path: '^src/app/' },
      to: {
        path: '^src/(report|cli|sandbox)/|node_modules/commander/|^(node:)?(readline|tty)(/|$)',
      },
    },
    {
      name: 'cli-calls-app',
      comment:
        'A command is options, questions and one call: what it does has its home in app, where a second front end finds it.',
      severity: 'error',
      from: { path: '^src/cli/', pathNot: '^src/cli/(connector|doctor-ports|ports|demo)\\.ts$' },
      to: { path: '^src/', pathNot: '^src/((cli|app|report|model)/|own-files)' },
    },
    {
      name: 'results-are-in-the-model',
      comment:
        'Results, events and records of the past are in the model: whoever shows them needs neither the engine nor a connection.',
      severity: 'error',
      from: { path: '^src/report/' },
      to: { path: '^src/(app|deploy|host|repo|cli)/' },
    },
    {
      name: 'only-hypervisor-speaks-scripts',
      comment:
        "A script's name, its arguments, its limits and the reading of its answer are one thing, and have one home.",
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/host/hypervisor/' },
      to: {
        path: '^src/host/(scripts|hypervisor/call)\\.ts$',
      },
    },
    {
      name: 'only-ssh-speaks-ssh',
      comment: 'The adapters of the port Host, and the sandbox that answers them.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(host/ssh|sandbox)/' },
      to: { path: 'node_modules/ssh2/' },
    },
    {
      name: 'only-repo-speaks-git',
      comment: 'git is reached through its port.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/repo/' },
      to: { path: 'node_modules/simple-git/' },
    },
    {
      name: 'sandbox-is-not-needed-in-earnest',
      comment: 'Only the demo starts pretend hypervisors, and it is a command of its own.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(sandbox/|demo/|cli/demo\\.ts$)' },
      to: { path: '^src/(sandbox|demo)/' },
    },
    {
      name: 'sandbox-knows-no-fleet',
      comment: 'It answers as a hypervisor does: what deploys to it is what deploys to any.',
      severity: 'error',
      from: { path: '^src/sandbox/' },
      to: { path: '^src/(?!(sandbox|model)/|own-files)' },
    },
    {
      name: 'the-action-reads-documents',
      comment:
        'It starts fleet as a child: about deployments it knows what documents and events say.',
      severity: 'error',
      from: { path: '^src/action/' },
      to: { path: '^src/(?!(action|report|model)/|plan/plan)' },
    },
    {
      name: 'nobody-needs-the-action',
      comment: 'It is one more front end.',
      severity: 'error',
      from: { path: '^src/(?!action/)' },
      to: { path: '^src/action/' },
    },
    {
      name: 'no-test-code-in-src',
      comment: 'What is shipped does not know that it is tested.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
