# Sourced by the scripts: the pinned node, npm and npx come before any others, and PostgreSQL's own
# programs, which Debian keeps out of the path, are named.
export PATH=$top/.toolchain/node_modules/.bin:$PATH
CONSILIUM_PG_BINDIR=$(pg_config --bindir)
export CONSILIUM_PG_BINDIR
