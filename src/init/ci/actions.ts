/**
 * Actions that workflows use, each by the commit that its release is: a tag can be moved, by whoever takes over its
 * repository. Read from the tags of the repositories at github.com.
 */
export const actions = {
  checkout: 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1',
  uploadArtifact: 'actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0',
  installNix: 'cachix/install-nix-action@630ae543ea3a38a9a4166f03376c02c50f408342 # v31.11.0',
} as const;

/** fleet's own Action: `owner/name@commit`, perhaps https://host/ before it, and what the commit is called after it. */
const form =
  /^(https:\/\/[a-z0-9.-]+(:\d+)?\/)?[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+@[0-9a-f]{40}( # [A-Za-z0-9_.-]+)?$/;

/** Whether a text names an Action by a whole commit: a branch or tag can come to mean something else. */
export const isPinned = (action: string): boolean => form.test(action);
