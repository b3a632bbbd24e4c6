#include "tests/support/wire/tunnel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TUNNEL_MTU = 1500, PATH_LENGTH_MAX = 256 };

static int open_namespace(const char *namespace) {
    char path[PATH_LENGTH_MAX];
    bool is_path = strchr(namespace, '/') != NULL;
    int length = snprintf(path, sizeof(path), "%s%s", is_path ? "" : "/run/netns/", namespace);
    if (length >= (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(path, O_RDONLY | O_CLOEXEC);
}

static bool set_address(int control, unsigned long request, const char *address) {
    struct ifreq settings = {.ifr_addr.sa_family = AF_INET};
    struct sockaddr_in *socket_address = (struct sockaddr_in *)&settings.ifr_addr;
    memcpy(settings.ifr_name, TUNNEL_INTERFACE, sizeof(TUNNEL_INTERFACE));
    return inet_pton(AF_INET, address, &socket_address->sin_addr) == 1 &&
           ioctl(control, request, &settings) == 0;
}

static bool bring_up(const char *name, int control) {
    struct ifreq settings = {.ifr_flags = IFF_UP | IFF_RUNNING};
    snprintf(settings.ifr_name, sizeof(settings.ifr_name), "%s", name);
    return ioctl(control, SIOCSIFFLAGS, &settings) == 0;
}

// In the namespace of the calling thread.
static bool configure(const char *address) {
    struct ifreq settings = {.ifr_mtu = TUNNEL_MTU};
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0)
        return false;
    memcpy(settings.ifr_name, TUNNEL_INTERFACE, sizeof(TUNNEL_INTERFACE));
    bool configured = ioctl(control, SIOCSIFMTU, &settings) == 0 &&
                      set_address(control, SIOCSIFADDR, address) &&
                      set_address(control, SIOCSIFNETMASK, "255.255.255.0") &&
                      bring_up(TUNNEL_INTERFACE, control) && bring_up("lo", control);
    close(control);
    return configured;
}

static int make_interface(void) {
    struct ifreq settings = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    memcpy(settings.ifr_name, TUNNEL_INTERFACE, sizeof(TUNNEL_INTERFACE));
    if (descriptor >= 0 && ioctl(descriptor, TUNSETIFF, &settings) != 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

int tunnel_open(const char *namespace, const char *address, const char **ret_reason) {
    int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int other = open_namespace(namespace);
    int descriptor = -1;
    if (own < 0 || other < 0) {
        *ret_reason = "there is no such network namespace";
    } else if (setns(other, CLONE_NEWNET) != 0) {
        *ret_reason = "the network namespace may not be entered";
    } else {
        descriptor = make_interface();
        if (descriptor < 0) {
            *ret_reason = "no TUN interface can be made there";
        } else if (!configure(address)) {
            *ret_reason = "the TUN interface cannot be configured";
            close(descriptor);
            descriptor = -1;
        }
        // Without its own namespace the program would make the second tunnel in the wrong place.
        if (setns(own, CLONE_NEWNET) != 0) {
            *ret_reason = "there is no way back from the network namespace";
            if (descriptor >= 0)
                close(descriptor);
            descriptor = -1;
        }
    }
    if (own >= 0)
        close(own);
    if (other >= 0)
        close(other);
    return descriptor;
}
