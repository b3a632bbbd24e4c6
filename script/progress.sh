# Sourced by the scripts: one line for each step with the time it took, a sign of life for long
# ones, and the log's end when a step fails. All of it goes to stderr, so that a script's stdout
# carries only what was asked for.

progress_log_folder=$top/build/log

say() {
    printf '%s\n' "$*" >&2
}

# Repeats what runs and for how long, until it is killed.
progress_tick() {
    local text=$1 log=$2 started=$SECONDS pause=15
    local last never
    [ -t 2 ] && pause=1
    # Waits by reading what never comes: a sleep would outlive this shell and hold its output open.
    exec {never}<> <(:)
    while ! read -r -t $pause -u "$never"; do
        kill -0 $$ 2>/dev/null || return # the script was stopped
        last=$(tail -c 400 "$log" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c 1-60)
        if [ -t 2 ]; then
            printf '\r\033[K%s ... %d s  %s' "$text" $((SECONDS - started)) "$last" >&2
        else
            say "  $text: still going after $((SECONDS - started)) s: $last"
        fi
    done
}

# step TEXT COMMAND...: runs COMMAND with its output in a log. Returns what COMMAND returned.
step() {
    local text=$1 log status=0 started=$SECONDS ticker
    shift
    mkdir -p "$progress_log_folder"
    log=$progress_log_folder/$(printf %s "$text" | tr -cs 'a-zA-Z0-9' '-').log
    : >"$log"
    [ -t 2 ] && printf '%s ...' "$text" >&2
    progress_tick "$text" "$log" &
    ticker=$!
    "$@" >"$log" 2>&1 </dev/null || status=$?
    kill $ticker 2>/dev/null || true
    wait $ticker 2>/dev/null || true
    [ -t 2 ] && printf '\r\033[K' >&2
    if [ $status -eq 0 ]; then
        say "$text: done in $((SECONDS - started)) s"
    else
        tail -n 60 "$log" >&2
        say "$text: FAILED after $((SECONDS - started)) s; all it printed is in ${log#"$top"/}"
    fi
    return $status
}
