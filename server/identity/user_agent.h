/*
 * What a browser says it is, as far as its person would put it: "Firefox on Windows". Everybody can
 * claim anything there; it is for the eye of who looks for a device that is not theirs.
 */
#ifndef CONSILIUM_USER_AGENT_H
#define CONSILIUM_USER_AGENT_H

#include "protocol/values.h"

/* In the database by number. */
enum browser_family {
    BROWSER_OTHER,
    BROWSER_CHROME,
    BROWSER_EDGE,
    BROWSER_FIREFOX,
    BROWSER_SAFARI,
    BROWSER_FAMILIES,
};
enum system_family {
    SYSTEM_OTHER,
    SYSTEM_WINDOWS,
    SYSTEM_MACOS,
    SYSTEM_LINUX,
    SYSTEM_ANDROID,
    SYSTEM_IOS,
    SYSTEM_FAMILIES,
};

enum browser_family browser_of(struct text user_agent);
enum system_family system_of(struct text user_agent);
struct text browser_word(enum browser_family family);
struct text system_word(enum system_family family);

#endif
