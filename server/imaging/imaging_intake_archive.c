#include "server/imaging/imaging_intake.h"
void intake_unpack(struct imaging_intake *intake) {
    intake_end(intake);
}
void unpack_close(struct unpack *unpack) {
    (void)unpack;
}
void unpack_go_on(struct unpack *unpack) {
    (void)unpack;
}
