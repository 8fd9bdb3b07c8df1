// npm puts node_modules/.bin first on PATH, so that `node` in a script is the pinned one; where the registry has none
// for this platform, the machine's own Node must be new enough.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  console.error(
    `rankscope: needs Node 24.12 or newer. This is ${process.version}, and no pinned Node is installed for ` +
      `${process.platform}-${process.arch}. Install Node 24 and put it first on PATH.`,
  );
  process.exit(1);
}
