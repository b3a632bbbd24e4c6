#!/bin/sh
# Copies an empty cluster, made once a build as the server makes it (server/store/cluster.c), to a place that
# does not exist yet. initdb takes seconds and always makes the same.
#   cluster_template.sh TEMPLATE DESTINATION
set -eu
template=$1 destination=$2
user=$(id -un)
programs=${CONSILIUM_PG_BINDIR:-$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)}
as_user=
if [ "$(id -u)" = 0 ]; then
    user=postgres
    as_user="setpriv --reuid=postgres --regid=postgres --clear-groups"
fi

make_template() {
    making=$(mktemp -d /tmp/consilium-cluster-XXXXXX)
    chown "$user" "$making"
    (cd "$making" && LC_ALL=C TZ=UTC $as_user "$programs/initdb" --pgdata "$making/cluster" --username consilium \
        --auth=reject --encoding=UTF8 --no-locale --data-checksums --no-instructions --no-sync >/dev/null)
    cp -a "$making/cluster" "$template.new"
    rm -r "$making"
    mv "$template.new" "$template"
}

mkdir -p "$(dirname "$template")"
if [ ! -e "$template" ]; then
    (
        flock 9
        rm -rf "$template.new"
        [ -e "$template" ] || make_template
    ) 9>"$template.lock"
fi
cp -a --reflink=auto "$template" "$destination"
