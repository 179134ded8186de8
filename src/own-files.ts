/**
 * A file of fleet's own that is read rather than imported, named from this folder. In dist/, too, whatever was bundled
 * with what: all chunks lie side by side in it, and these files as they do here.
 */
export const ownFile = (path: string): URL => new URL(path, import.meta.url);
