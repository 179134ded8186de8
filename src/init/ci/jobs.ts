import type { System } from '../../model/fleet.ts';
import { actions } from './actions.ts';
import type { Pipeline } from './pipeline.ts';

/** Jobs of the workflows, each with the permissions that it needs and no more. */

export const planJob = (pipeline: Pipeline): string => `  plan:
    runs-on: ${runner(pipeline)}
    timeout-minutes: 15
${
  isGithub(pipeline)
    ? `    permissions:
      contents: read
      pull-requests: write # the comment; from a fork it may only read, and the plan is in the summary of the run
`
    : ''
}    steps:
      - uses: ${use(pipeline, actions.checkout)}
        with: { fetch-depth: 0, persist-credentials: false }
      - uses: ${use(pipeline, pipeline.action)}
        id: fleet
        with:
          command: plan
${
  isGithub(pipeline)
    ? `      - uses: ${actions.uploadArtifact}
        if: always() && steps.fleet.outputs.plan-json != ''
        with:
          name: fleet-plan
          path: |
            \${{ steps.fleet.outputs.plan-json }}
            \${{ steps.fleet.outputs.plan-markdown }}
`
    : ''
}`;

/**
 * Evaluating Nix runs what the pull request brings: on a machine that has nothing but the repository. A job for each system: GitHub has
 * machines of both, and neither builds for the other.
 * https://docs.github.com/actions/reference/runners/github-hosted-runners
 */
export function buildJobs(pipeline: Pipeline): string {
  const of = Map.groupBy(pipeline.hypervisors, ({ system }) => system);
  const systems = [...of];
  if (systems.length < 2) return buildJob(pipeline, 'build', systems[0]?.[0] ?? 'x86_64-linux');
  return systems
    .map(([system, hypervisors]) =>
      buildJob(
        pipeline,
        `build-${system}`,
        system,
        hypervisors.map(({ name }) => name),
      ),
    )
    .join('\n');
}

const buildJob = (
  pipeline: Pipeline,
  name: string,
  system: System,
  on: readonly string[] = [],
): string => `  ${name}:
    runs-on: ${system === 'aarch64-linux' ? 'ubuntu-24.04-arm' : runner(pipeline)}
    timeout-minutes: 120
    permissions:
      contents: read
    steps:
      - uses: ${use(pipeline, actions.checkout)}
        with: { fetch-depth: 0, persist-credentials: false }
      - uses: ${actions.installNix}
      - uses: ${use(pipeline, pipeline.action)}
        with:
          command: build
${on.length > 0 ? `          on: ${JSON.stringify(on.join(','))} # every hypervisor of this system: add a new one\n` : ''}          github-token: "" # it needs none, and what it runs could read it
`;

export const applyJob = (pipeline: Pipeline): string => `  apply:
    if: ${condition(`github.ref == ${literal(ref(pipeline))} && vars.FLEET_KNOWN_HOSTS != ''`)}
    runs-on: ${runner(pipeline)}
${
  isGithub(pipeline)
    ? `    # One deployment at a time, and none is cut off. Of those that wait GitHub keeps the newest: it deploys all of them.
    concurrency: { group: fleet-apply, cancel-in-progress: false }
    environment: fleet
    permissions:
      contents: write # what fleet renders, reverts, and refs/fleet
${pipeline.proposesReverts ? '      pull-requests: write # for a revert\n' : ''}`
    : ''
}    timeout-minutes: 190
    steps:
      # The branch as it is now, not as it was when this was pushed, or run the first time.
      - uses: ${use(pipeline, actions.checkout)}
        with: { ref: ${JSON.stringify(ref(pipeline))}, fetch-depth: 0 }
      - uses: ${use(pipeline, pipeline.action)}
        timeout-minutes: 180
        with:
          command: apply
          ssh-key: \${{ secrets.FLEET_SSH_KEY }}
          known-hosts: \${{ vars.FLEET_KNOWN_HOSTS }}
`;

export const driftJob = (pipeline: Pipeline): string => `  drift:
    # By hand only from the branch that is deployed.
    if: ${condition(
      `(github.event_name == 'schedule' || github.ref == ${literal(ref(pipeline))}) && vars.FLEET_KNOWN_HOSTS != ''`,
    )}
    runs-on: ${runner(pipeline)}
${
  isGithub(pipeline)
    ? `    # Two at once would open an issue each.
    concurrency: { group: fleet-drift, cancel-in-progress: false }
    environment: fleet-drift
    permissions:
      contents: read
      issues: write # the one that says what is wrong
`
    : ''
}    timeout-minutes: 30
    steps:
      - uses: ${use(pipeline, actions.checkout)}
        with: { ref: ${JSON.stringify(ref(pipeline))}, fetch-depth: 0 }
      - uses: ${use(pipeline, pipeline.action)}
        with:
          command: plan
          issue: true
          ssh-key: \${{ secrets.FLEET_SSH_KEY }}
          known-hosts: \${{ vars.FLEET_KNOWN_HOSTS }}
`;

const isGithub = ({ forge }: Pipeline): boolean => forge === 'github';

/** Labels of runners are the instance's own where it is not GitHub: this one is in its documentation. */
const runner = (pipeline: Pipeline): string => (isGithub(pipeline) ? 'ubuntu-latest' : 'docker');

/** Elsewhere a name without a host means whatever the instance says. */
const use = (pipeline: Pipeline, action: string): string =>
  isGithub(pipeline) || action.startsWith('https://') ? action : `https://github.com/${action}`;

/** In full: a tag, or another branch that ends alike, is another ref. */
const ref = ({ branch }: Pipeline): string => `refs/heads/${branch}`;

/** A text in an expression. */
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** An expression as the value of `if`. */
const condition = (expression: string): string => JSON.stringify(expression);
