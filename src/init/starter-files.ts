/** What git leaves alone: results of builds, and saved plans, which are of one moment. */
export const gitignore = `/result
/result-*
*.plan
`;

const checkout = 'actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2';
const setupNode = 'actions/setup-node@49933ea5288caeca8642d1e84afbd3f7d6820020 # v4.4.0';

/**
 * GitHub Actions: a pull request is checked, a push to the branch is deployed. It sleeps until somebody
 * gives it keys, and says what to install: of a name in a registry anybody may be the owner.
 *
 * Of jobs that wait in a concurrency group GitHub keeps the newest and cancels the others: so only jobs that
 * deploy are in it, and each of them deploys the branch as it is by then.
 */
export const workflow = (
  branch: string,
): string => `# A pull request is checked; a push to ${branch} is deployed.
# It sleeps until the repository has, under Settings, Secrets and variables, Actions:
#   variable FLEET_PACKAGE       what npm installs fleet from: a tarball of npm pack, by https or in
#                                here; not a git address, for there it would still have to be built
#   variable FLEET_KNOWN_HOSTS   lines of ssh-keyscan for every hypervisor, compared by you
#   secret   FLEET_SSH_KEY       a private key that may log in there, without passphrase
# A branch that is protected has to let this workflow push: fleet commits what it renders, and reverts.
name: fleet
on:
  push:
    branches: [${JSON.stringify(branch)}]
  pull_request:
  workflow_dispatch:
permissions: {}

jobs:
  check:
    if: github.event_name == 'pull_request' && vars.FLEET_PACKAGE != ''
    runs-on: ubuntu-latest
    timeout-minutes: 15
    permissions:
      contents: read
    steps:
      - uses: ${checkout}
        with: { fetch-depth: 0, persist-credentials: false }
      - uses: ${setupNode}
        with: { node-version: 24 }
      - run: npm install --global --ignore-scripts "$FLEET_PACKAGE"
        env: { FLEET_PACKAGE: "\${{ vars.FLEET_PACKAGE }}" }
      - run: fleet validate
      - run: fleet plan --offline

  apply:
    if: >-
      github.event_name != 'pull_request' && github.ref == ${quoted(`refs/heads/${branch}`)}
      && vars.FLEET_PACKAGE != '' && vars.FLEET_KNOWN_HOSTS != ''
    runs-on: ubuntu-latest
    # Two deployments wait for each other, and one under way is never cut off. Of those that wait the
    # newest stays: it deploys what the others would have.
    concurrency: { group: fleet-apply, cancel-in-progress: false }
    timeout-minutes: 180
    # Approvals, and secrets that no other workflow sees: Settings, Environments.
    environment: fleet
    permissions:
      contents: write # rendered files, reverts, refs/fleet
    steps:
      # The branch as it is now, not as it was when this was pushed, or run the first time.
      - uses: ${checkout}
        with: { ref: ${JSON.stringify(branch)}, fetch-depth: 0 }
      - uses: ${setupNode}
        with: { node-version: 24 }
      - run: npm install --global --ignore-scripts "$FLEET_PACKAGE"
        env: { FLEET_PACKAGE: "\${{ vars.FLEET_PACKAGE }}" }
      - name: Keys
        run: |
          install -d -m 700 ~/.ssh
          (umask 077; printf '%s\\n' "$KEY" > ~/.ssh/id_ed25519)
          printf '%s\\n' "$KNOWN_HOSTS" > ~/.ssh/known_hosts
          git config --global user.name fleet
          git config --global user.email fleet@users.noreply.github.com
        env:
          KEY: \${{ secrets.FLEET_SSH_KEY }}
          KNOWN_HOSTS: \${{ vars.FLEET_KNOWN_HOSTS }}
      - run: fleet apply --yes
`;

/** A text in an expression of GitHub's. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
