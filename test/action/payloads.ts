// What GitHub writes to GITHUB_EVENT_PATH, as much of it as says who and what:
// https://docs.github.com/webhooks/webhook-events-and-payloads

const repository = {
  id: 1,
  name: 'infra',
  full_name: 'acme/infra',
  private: true,
  owner: { login: 'acme', type: 'Organization' },
  default_branch: 'main',
};
const [before, after] = ['1'.repeat(40), '2'.repeat(40)];
const sender = { login: 'ada', type: 'User' };

const payloads: Readonly<Record<string, object>> = {
  push: {
    ref: 'refs/heads/main',
    ...{ before, after, created: false, deleted: false, forced: false, base_ref: null },
    commits: [{ id: after, message: 'bigger', author: { name: 'Ada', email: 'ada@example.net' } }],
    head_commit: { id: after, message: 'bigger' },
    pusher: { name: 'ada', email: 'ada@example.net' },
    sender,
  },
  schedule: { schedule: '41 5 * * *', workflow: '.github/workflows/fleet-drift.yaml' },
  workflow_dispatch: {
    inputs: null,
    ref: 'refs/heads/main',
    workflow: '.github/workflows/fleet-apply.yaml',
    sender,
  },
  workflow_run: {
    action: 'completed',
    workflow_run: {
      id: 4710,
      event: 'push',
      head_branch: 'main',
      head_sha: after,
      head_repository: { id: 1, full_name: 'acme/infra' },
      conclusion: 'success',
    },
    sender,
  },
};

/** @param more what is different */
export const payloadOf = (event: string, more: object = {}): object => ({
  repository,
  ...payloads[event],
  ...more,
});

/** GITHUB_REF. */
export const refOf = (event: string): string =>
  event.startsWith('pull_request') && event !== 'pull_request_target'
    ? 'refs/pull/7/merge'
    : 'refs/heads/main';
