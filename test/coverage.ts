/** For the environment of a fleet process: where it notes what it has run, when coverage is asked for. */
export function coverage(): Record<string, string> {
  const { NODE_V8_COVERAGE: folder } = process.env;
  // Functions from the compile cache are counted as one block.
  return folder ? { NODE_V8_COVERAGE: folder, NODE_DISABLE_COMPILE_CACHE: '1' } : {};
}
