/* links: codecs; timeout: 60 */
/* A frame of HTJ2K, in a child as in consilium-ingest: OpenJPH 0.9.0 has assertions and null
 * pointers that a damaged codestream reaches. It may be the end of the child, but not a loop. */
#include "tests/fuzz/fuzzed_frame.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS_MAX 5

static void decode_and_leave(const uint8_t *bytes, size_t size) {
    static const int deaths[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGALRM};
    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++) {
        signal(deaths[i], SIG_DFL); // without the fuzzer's words
    }
    close(STDERR_FILENO);
    alarm(SECONDS_MAX);
    decode_fuzzed("1.2.840.10008.1.2.4.201", bytes, size);
    _exit(0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    pid_t child = fork();
    if (child == 0) {
        decode_and_leave(bytes, size);
    }
    int status = 0;
    if (child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
        WTERMSIG(status) == SIGALRM) {
        abort(); // it hangs
    }
    return 0;
}
