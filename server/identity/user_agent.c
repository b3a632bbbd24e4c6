#define _GNU_SOURCE /* memmem */
#include "server/identity/user_agent.h"

#include <string.h>

static bool says(struct text whole, const char *part) {
    return whole.length > 0 && memmem(whole.bytes, whole.length, part, strlen(part)) != NULL;
}

/* Each names those before it, too: the more particular is asked for first. */
enum browser_family browser_of(struct text user_agent) {
    if (says(user_agent, "Edg")) {
        return BROWSER_EDGE;
    }
    if (says(user_agent, "Firefox/") || says(user_agent, "FxiOS/")) {
        return BROWSER_FIREFOX;
    }
    if (says(user_agent, "Chrom") || says(user_agent, "CriOS/")) {
        return BROWSER_CHROME;
    }
    return says(user_agent, "Safari/") ? BROWSER_SAFARI : BROWSER_OTHER;
}

enum system_family system_of(struct text user_agent) {
    if (says(user_agent, "Android")) {
        return SYSTEM_ANDROID;
    }
    if (says(user_agent, "iPhone") || says(user_agent, "iPad")) {
        return SYSTEM_IOS;
    }
    if (says(user_agent, "Windows")) {
        return SYSTEM_WINDOWS;
    }
    if (says(user_agent, "Mac OS X")) {
        return SYSTEM_MACOS;
    }
    return says(user_agent, "Linux") ? SYSTEM_LINUX : SYSTEM_OTHER;
}

static struct text text_of(const char *word) {
    return (struct text){(uint32_t)strlen(word), word};
}

struct text browser_word(enum browser_family family) {
    static const char *const words[BROWSER_FAMILIES] = {"other", "chrome", "edge", "firefox",
                                                        "safari"};
    return text_of(words[family < BROWSER_FAMILIES ? family : BROWSER_OTHER]);
}

struct text system_word(enum system_family family) {
    static const char *const words[SYSTEM_FAMILIES] = {"other", "windows", "macos",
                                                       "linux", "android", "ios"};
    return text_of(words[family < SYSTEM_FAMILIES ? family : SYSTEM_OTHER]);
}
