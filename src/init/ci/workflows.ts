import { applyJob, buildJobs, driftJob, planJob } from './jobs.ts';
import type { Pipeline } from './pipeline.ts';

/** Path from the top of the repository → text. */
export function workflows(pipeline: Pipeline): Map<string, string> {
  const { forge } = pipeline;
  const at = (name: string) => `.${forge}/workflows/fleet-${name}.yaml`;
  return new Map([
    [at('plan'), planWorkflow(pipeline)],
    [at('apply'), applyWorkflow(pipeline)],
    [at('drift'), driftWorkflow(pipeline)],
  ]);
}

function planWorkflow(pipeline: Pipeline): string {
  const { branch, forge } = pipeline;
  return `# Plans every pull request: as a comment, and as annotations of fleet.yaml. It has no secret, and what the pull request
# brings along is read, never run${forge === 'github' ? ', but by build, whose token can only read this repository' : ''}.
name: fleet plan
on:
  pull_request:
    branches: [${text(pattern(branch))}]
${permissions(pipeline)}concurrency:
  group: fleet-plan-\${{ github.event.pull_request.number }}
  cancel-in-progress: true

jobs:
${planJob(pipeline)}${forge === 'github' ? `\n${buildJobs(pipeline)}` : ''}`;
}

function applyWorkflow(pipeline: Pipeline): string {
  const { branch, forge } = pipeline;
  const isGithub = forge === 'github';
  return `# Deploys what is pushed to ${printable(branch)}. It waits until the repository has, under Settings:
#   variable FLEET_KNOWN_HOSTS   lines of known_hosts for every hypervisor, compared by you
#   ${isGithub ? 'environment fleet, for this branch alone, with the\n#   ' : ''}secret   FLEET_SSH_KEY       a private key that may log in there, without passphrase
# docs/ci.md of fleet ("The pipeline", also in its package) has the steps, and what to do where the branch is protected.
name: fleet apply
on:
  push:
    branches: [${text(pattern(branch))}]
  workflow_dispatch:
${permissions(pipeline)}${
  isGithub
    ? ''
    : `# Without this a push would cut off the deployment of the one before.
concurrency:
  group: fleet-apply
  cancel-in-progress: false
`
}
jobs:
${applyJob(pipeline)}`;
}

function driftWorkflow(pipeline: Pipeline): string {
  const isGithub = pipeline.forge === 'github';
  return `# Looks every morning whether all runs as it was deployed, and changes nothing: an issue says what does not, and is
# closed when all is well. It waits for FLEET_KNOWN_HOSTS, as fleet-apply does${
    isGithub
      ? ', and has FLEET_SSH_KEY from an\n# environment of its own, fleet-drift, which nobody has to approve'
      : ''
  }.
name: fleet drift
on:
  schedule:
    - cron: '41 5 * * *' # UTC
  workflow_dispatch:
${permissions(pipeline)}
jobs:
${driftJob(pipeline)}`;
}

/** What no job asks for it does not get; other forges than GitHub do not know of permissions. */
const permissions = ({ forge }: Pipeline): string =>
  forge === 'github' ? 'permissions: {}\n' : '';

/** A YAML scalar. */
const text = (value: string): string => JSON.stringify(value);

/** A filter of branches that lets this one through: of characters with a meaning there, git allows these in names. */
const pattern = (branch: string): string => branch.replace(/[+!]/g, '\\$&');

/** In a comment. */
const printable = (branch: string): string => JSON.stringify(branch).slice(1, -1);
