# Adds up the closing lines of ctest, node --test, vitest, Playwright and our own in a suite's output,
# and prints "PASSED FAILED SKIPPED", then the names of what was skipped, as "; a test; another". What was skipped is
# neither passed nor failed.
{ gsub(/\033\[[0-9;]*[a-zA-Z]/, "") }

# ctest: 98% tests passed, 1 tests failed out of 50
/tests passed, [0-9]+ tests failed out of [0-9]+$/ { failed += $4; passed += $9 - $4; next }

# script/test's words for what cmocka skipped in a program of ctest's; one that ran nothing else is in ctest's sum
/^skipped: / { skip(substr($0, 10)); next }
/^ran nothing: / { passed--; next }

# node --test: one number a line, and a line for each that was skipped: its name, its time, its reason
/^ *﹣ / {
    name = $0
    sub(/^ *﹣ /, "", name)
    sub(/ \([0-9.]+ms\).*$/, "", name)
    skip(name)
    next
}
/^ℹ pass [0-9]+$/ { passed += $3; next }
/^ℹ (fail|cancelled) [0-9]+$/ { failed += $3; next }

# vitest: "      Tests  1 failed | 11 passed (12)"; Playwright: "  12 passed (1.2m)"; ours: "2 passed, 0 failed"
/^ +Tests  .*\([0-9]+\)$/ || /^ +[0-9]+ (passed|failed)( \(.*\))?$/ || /^[0-9]+ passed, [0-9]+ failed$/ {
    for (i = 2; i <= NF; i++) {
        if ($i ~ /^passed,?$/) passed += $(i - 1)
        if ($i == "failed") failed += $(i - 1)
        if ($i == "skipped") skipped += $(i - 1)
    }
}

function skip(name) {
    skipped++
    names = names "; " name
}

END { print passed + 0, failed + 0, skipped + 0 names }
