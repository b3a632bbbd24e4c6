# Sourced by the scripts: builds, each doing nothing when nothing has changed.

# Configures PRESET once; afterwards the build notices by itself when it must be done again.
configure() {
    [ -e "build/$1/build.ninja" ] && return 0
    step "configuring the $1 build" cmake --preset "$1"
}

# build_preset PRESET [TARGET...]: everything the preset builds, or the targets named.
build_preset() {
    local preset=$1
    shift
    configure "$preset"
    step "building ($preset)" cmake --build --preset "$preset" ${1+--target "$@"}
}

# One number for all the files of the web client: its packages' lock stands for node_modules.
web_client_state() {
    find clients/web -name node_modules -prune -o -name dist -prune -o -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
}

build_web_client() {
    local state stamp=build/web-client.state
    [ -e clients/web/package.json ] || return 0
    state=$(web_client_state)
    [ -e clients/web/dist/index.html ] && [ "$(cat $stamp 2>/dev/null)" = "$state" ] && return 0
    step "building the web client" npm --prefix clients/web run build
    mkdir -p build
    printf '%s\n' "$state" >$stamp
}
