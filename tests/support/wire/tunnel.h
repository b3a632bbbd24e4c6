#ifndef CONSILIUM_TESTS_SUPPORT_WIRE_TUNNEL_H
#define CONSILIUM_TESTS_SUPPORT_WIRE_TUNNEL_H

#include <stdbool.h>

/*
 * A TUN interface (Linux, Documentation/networking/tuntap) in a network namespace, of which the
 * calling process holds the other end: what is routed to it in there is read here, as IP packets.
 */

#define TUNNEL_INTERFACE "wire0"

// Makes the interface in the namespace, gives it `address` of a /24 and brings it up. `namespace`
// is a name of ip-netns(8) or a path such as /proc/PID/ns/net. Returns the non-blocking descriptor,
// or -1 with a reason in words and errno. The process is in its own namespace again afterwards.
int tunnel_open(const char *namespace, const char *address, const char **ret_reason);

#endif
