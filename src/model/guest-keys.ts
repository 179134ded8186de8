/** Where a guest with `run` checks finds its ssh host key and who may log in to check it. */
export const guestKeysMount = '/run/fleet';
