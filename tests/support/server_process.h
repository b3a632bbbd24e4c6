/*
 * The real server for a test or a benchmark: the program `consilium` with a data folder of its own
 * under the temporary directory, its private PostgreSQL and a free port on loopback. It can be
 * killed, stopped and started again, and so can its database.
 *
 * Whatever happens to the calling process, nothing outlives it: the server dies with it, and a
 * guardian process ends the database and removes the folder.
 */
#ifndef CONSILIUM_TESTS_SERVER_PROCESS_H
#define CONSILIUM_TESTS_SERVER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { SERVER_ARGUMENTS_MAX = 8, SERVER_READY_MS = 60 * 1000 };

struct server_options {
    const char *program; /* the path of consilium */
    bool tls;            /* with a certificate made for this process */
    /* Another server, which outlives this one: its database and keys are shared. NULL = own ones.
     */
    const struct server_process *beside;
    const char *parent; /* folder to make the data folder in; NULL = the temporary directory */
    const char *arguments[SERVER_ARGUMENTS_MAX]; /* more of them; ends with NULL */
};

struct server_process;

/* Starts and waits until /readyz says 200, or anything when it is beside another, which may own all
 * there is. NULL when it does not within SERVER_READY_MS; standard
 * error says why. Options are copied but for the texts, which are borrowed until the end. */
struct server_process *server_process_start(const struct server_options *options);
/* Kills what runs and removes the folder. NULL is fine. */
void server_process_end(struct server_process *server);

const char *server_process_url(const struct server_process *server); /* http://127.0.0.1:PORT */
uint16_t server_process_port(const struct server_process *server);
uint16_t server_process_admin_port(const struct server_process *server);
/* The certificate of a server with TLS, which signs itself; a PEM file. */
const char *server_process_certificate(const struct server_process *server);
const char *server_process_data(const struct server_process *server);
const char *server_process_database(const struct server_process *server); /* for PQconnectdb */
pid_t server_process_id(const struct server_process *server);             /* 0 = does not run */
/* Login `administrator`. */
const char *server_process_password(const struct server_process *server);

/* kill -9, and collected. */
void server_process_kill(struct server_process *server);
/* What the next launch starts: an upgrade. Borrows. */
void server_process_use(struct server_process *server, const char *program);
/* Starts it again in the same folder on the same port; does not wait. */
bool server_process_launch(struct server_process *server);
/* Waits for /readyz to say 200; false after `limit_ms` or when the process has ended. */
bool server_process_wait_ready(struct server_process *server, int limit_ms);
/* /readyz of the admin address now: its status, 0 without an answer. */
unsigned server_process_readiness(const struct server_process *server);
/* SIGTERM; the exit status, -1 when it did not end within `limit_ms` or died of a signal. */
int server_process_finish(struct server_process *server, int limit_ms);
/* Sends any signal, SIGSTOP for one. */
void server_process_signal(struct server_process *server, int signal_number);
/* True while the process lives; collects it when it has ended by itself. */
bool server_process_runs(struct server_process *server);

/* A counter or gauge of /metrics by its name there; -1 when there is none. */
double server_process_metric(const struct server_process *server, const char *name);

/* The postmaster of the private PostgreSQL; 0 = none. */
pid_t server_process_postmaster(const struct server_process *server);
/* kill -9 of the postmaster. */
void server_process_kill_postmaster(struct server_process *server);

#endif
