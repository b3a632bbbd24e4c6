/*
 * How many connections each peer address has open. An IPv6 peer is counted by its /64, since one
 * host has all of it. Memory is fixed when it is made; counting never fails below `connections_max`
 * addresses.
 */
#ifndef CONSILIUM_ADDRESS_COUNT_H
#define CONSILIUM_ADDRESS_COUNT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2); IPv6 with the lower 64 bits zero. */
struct peer_address {
    uint8_t bytes[16];
};
struct peer_address peer_address_of(const struct sockaddr *address);
bool peer_address_is_loopback(struct peer_address address);

struct address_count;
struct address_count *address_count_create(uint32_t connections_max);
void address_count_destroy(struct address_count *table);

/* False when the address has `limit` connections already; then nothing is counted. */
bool address_count_add(struct address_count *table, struct peer_address address, uint32_t limit);
void address_count_remove(struct address_count *table, struct peer_address address);
uint32_t address_count_of(const struct address_count *table, struct peer_address address);

#endif
