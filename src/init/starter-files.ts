/** What git leaves alone: results of builds, and saved plans, which are of one moment. */
export const gitignore = `/result
/result-*
*.plan
`;

/**
 * GitHub Actions: a pull request is checked, a push to the default branch is deployed. It sleeps
 * until somebody gives it keys, and says what to install: of a name in a registry anybody may be the owner.
 */
export const workflow = `# A pull request is checked; a push to the default branch is deployed.
# It sleeps until the repository has, under Settings, Secrets and variables, Actions:
#   variable FLEET_PACKAGE       what npm installs fleet from: a tarball of npm pack, by https or in
#                                here; not a git address, for there it would still have to be built
#   variable FLEET_KNOWN_HOSTS   lines of ssh-keyscan for every hypervisor, compared by you
#   secret   FLEET_SSH_KEY       a private key that may log in there, without passphrase
name: fleet
on:
  push:
  pull_request:
  workflow_dispatch:

# Two deployments of one fleet wait for each other; one under way is never cut off.
concurrency:
  group: fleet-\${{ github.event_name == 'pull_request' && github.ref || 'apply' }}
  cancel-in-progress: false

jobs:
  check:
    if: github.event_name == 'pull_request' && vars.FLEET_PACKAGE != ''
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@v4
        with: { fetch-depth: 0 }
      - uses: actions/setup-node@v4
        with: { node-version: 24 }
      - run: npm install --global --ignore-scripts "$FLEET_PACKAGE"
        env: { FLEET_PACKAGE: "\${{ vars.FLEET_PACKAGE }}" }
      - run: fleet validate
      - run: fleet plan --offline

  apply:
    if: >-
      github.event_name != 'pull_request'
      && vars.FLEET_PACKAGE != '' && vars.FLEET_KNOWN_HOSTS != ''
      && github.ref_name == github.event.repository.default_branch
    runs-on: ubuntu-latest
    permissions:
      contents: write # rendered files, commits that take a bad one back, refs/fleet
    steps:
      - uses: actions/checkout@v4
        with: { fetch-depth: 0 }
      - uses: actions/setup-node@v4
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
