/*
 * The program with one of its guards taken out (sabotages.cmake says which): the simulator must
 * notice. SABOTAGE_SCENE is what is played until it does.
 */
#include "tests/simulation/crowd.h"
#include "tests/simulation/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 200, SECONDS = 8 };

static struct world world;

static void __attribute__((unused)) people(uint64_t seed) {
    world_init(&world, seed, SABOTAGE_NONE);
    world_run(&world, SECONDS);
}

static void __attribute__((unused)) crowd(uint64_t seed) {
    struct crowd_story story;
    world_init(&world, seed, SABOTAGE_NONE);
    crowd_run(&world, &story);
}

int main(void) {
    const char *first = getenv("CONSILIUM_SEED");
    uint64_t from = first == NULL ? 1 : strtoull(first, NULL, 10);
    for (uint64_t seed = from; seed < from + SEEDS; seed++) {
        SABOTAGE_SCENE(seed);
        bool noticed = strstr(world.fault, SABOTAGE_WORDS) != NULL;
        if (world.fault[0] != '\0') {
            printf("seed %llu: %s\n", (unsigned long long)seed, world.fault);
        }
        world_finish(&world);
        if (noticed) {
            return 0;
        }
    }
    printf("nobody says \"%s\"\n", SABOTAGE_WORDS);
    return 1;
}
