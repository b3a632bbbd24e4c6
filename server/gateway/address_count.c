#include "server/gateway/address_count.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct peer_address address;
    uint32_t count; /* 0 = free */
};

/* Open addressing with linear probing, at most half full. */
struct address_count {
    uint32_t mask;
    struct entry entries[];
};

struct peer_address peer_address_of(const struct sockaddr *address) {
    struct peer_address peer = {{0}};
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
        peer.bytes[10] = peer.bytes[11] = 0xff;
        memcpy(peer.bytes + 12, &four->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
        bool whole = IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) || IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
        memcpy(peer.bytes, &six->sin6_addr, whole ? 16 : 8);
    }
    return peer;
}

bool peer_address_is_loopback(struct peer_address address) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(address.bytes, mapped, sizeof(mapped)) == 0) {
        return address.bytes[12] == 127;
    }
    return memcmp(address.bytes, &in6addr_loopback, sizeof(address.bytes)) == 0;
}

struct address_count *address_count_create(uint32_t connections_max) {
    uint32_t size = 16;
    while (size < connections_max * 2) {
        size *= 2;
    }
    struct address_count *table = calloc(1, sizeof(*table) + size * sizeof(table->entries[0]));
    if (table != NULL) {
        table->mask = size - 1;
    }
    return table;
}

void address_count_destroy(struct address_count *table) {
    free(table);
}

/* FNV-1a. A peer who picks colliding addresses only slows the probing of its own cluster, whose
 * length the limit of connections bounds. */
static uint32_t place_of(const struct address_count *table, struct peer_address address) {
    uint32_t hash = 2166136261u;
    for (unsigned i = 0; i < sizeof(address.bytes); i++) {
        hash = (hash ^ address.bytes[i]) * 16777619u;
    }
    return (hash ^ hash >> 15) & table->mask;
}

/* The entry of the address, or the free one where it would go. */
static uint32_t find(const struct address_count *table, struct peer_address address) {
    uint32_t place = place_of(table, address);
    while (table->entries[place].count != 0 &&
           memcmp(&table->entries[place].address, &address, sizeof(address)) != 0) {
        place = (place + 1) & table->mask;
    }
    return place;
}

bool address_count_add(struct address_count *table, struct peer_address address, uint32_t limit) {
    struct entry *entry = &table->entries[find(table, address)];
    if (entry->count >= limit) {
        return false;
    }
    entry->address = address;
    entry->count++;
    return true;
}

/* Moves later entries of the cluster back into the hole, so that no probing stops short of them. */
static void close_hole(struct address_count *table, uint32_t hole) {
    uint32_t place = (hole + 1) & table->mask;
    while (table->entries[place].count != 0) {
        uint32_t home = place_of(table, table->entries[place].address);
        uint32_t from_home = (place - home) & table->mask;
        uint32_t from_hole = (place - hole) & table->mask;
        if (from_home >= from_hole) {
            table->entries[hole] = table->entries[place];
            table->entries[place].count = 0;
            hole = place;
        }
        place = (place + 1) & table->mask;
    }
}

void address_count_remove(struct address_count *table, struct peer_address address) {
    uint32_t place = find(table, address);
    assert(table->entries[place].count > 0);
    table->entries[place].count--;
    if (table->entries[place].count == 0) {
        close_hole(table, place);
    }
}

uint32_t address_count_of(const struct address_count *table, struct peer_address address) {
    return table->entries[find(table, address)].count;
}
