# Sourced by the scripts: the pinned node, npm and npx come before any others.
export PATH=$top/.toolchain/node_modules/.bin:$PATH
