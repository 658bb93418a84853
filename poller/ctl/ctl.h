/* poller/ctl/ctl.h: commands, the views they show, and the daemon that answers them.
 *
 * A command is a file and a row of the table in main.c. What it shows is a view: a function from what is known (struct view) to
 * JSON items. The same function answers in the daemon (API: HTTP over the Unix socket STATE/forewarn.sock, POST /NAME with the
 * arguments as JSON) and in the command itself, from the state folder, when no daemon runs. The command then prints the items:
 * as the envelope {"version":1,"items":[...]} with --json, else as text for people.
 *
 *	status.c ...  command: options -> ctl_call("status", args) -> text
 *	view-*.c      views
 *	api.c         the server side of ctl_call; client.c the client side
 *	daemon.c      main's thread: workers, stores, ledger, model, alerts, API
 * Thread: commands are processes of one thread; views run in main's thread of the daemon.
 */
#ifndef FW_CTL_CTL_H
#define FW_CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "poller/base/err.h"
#include "poller/message.h"
#include "poller/model.h"
#include "poller/model-coming.h"
#include "poller/noc/noc.h"
#include "poller/version.h"
#include "poller/words.h"

/* ---- commands ------------------------------------------------------------------------------------------------------ */

#define CONFIG_DEFAULT "/etc/forewarn/forewarn.conf"
#define STATE_DEFAULT "/var/lib/forewarn"

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };	/* status has its own: see status.c */

struct ctl {				/* what every command was given */
	const char *config_path;	/* -c FILE; default /etc/forewarn/forewarn.conf, or $FOREWARN_CONFIG */
	const char *state;		/* -s FOLDER, or NULL: as configured */
	bool json;			/* --json */
	bool color;			/* standard output is a terminal (and NO_COLOR is not set) */
	int argc;			/* what is left after the common options and the command's name */
	char **argv;
	const struct command *command;
	bool said_mistakes;		/* that the file has mistakes, and the daemon runs on another: once */
};

typedef int command_run(struct ctl *c);		/* returns the exit status */
struct command {
	const char *name;
	const char *arguments;		/* "[SERVICE]" */
	const char *text;		/* one line for help */
	command_run *run;
	const char *options;		/* lines for --help, or "" ; the common ones are added */
	const char *example;		/* "forewarn status" */
};
extern const struct command commands[];		/* main.c; ended by name NULL */

command_run run_command, poll_command, check_command, show_command, status_command, risk_command, explain_command,
	    set_command, events_command, forget_command, graph_command, whatif_command, maintain_command, accept_command,
	    debug_command, version_command, help_command;

/* Wrong usage: prints "forewarn NAME: why" and how it is used to standard error; returns EXIT_USAGE. */
int ctl_usage(const struct ctl *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* There is no such command: prints it, with the nearest; returns EXIT_USAGE. */
int ctl_no_command(const char *name);
/* It failed: prints "forewarn NAME: why"; returns EXIT_FAILED. */
int ctl_failed(const struct ctl *c, const char *why);
/* Take an option with or without a value out of c->argv wherever it stands ("--all", "-v", "--from T", "--from=T").
 * ctl_flag: true when it was there. ctl_value: the value, NULL when not there. After all are taken, ctl_rest_ok() checks that no other option is left. */
bool ctl_flag(struct ctl *c, const char *long_name, char short_name);
const char *ctl_value(struct ctl *c, const char *long_name, char short_name);
bool ctl_rest_ok(struct ctl *c, int most_arguments);	/* false: usage was printed */

/* Load the configuration; mistakes are printed to standard error, one a line, then their number. NULL on mistakes. */
struct config *ctl_config(const struct ctl *c);

/* Which configuration a request is about, when it was named: a daemon that runs another one answers with CODE_OTHER. */
#define CONFIG_HEADER "Forewarn-Config"
enum { CODE_OTHER = 409 };

/*
 * Call a view: of the daemon when it runs on that state folder, else here from the state folder ("live" is false then; a call that
 * writes is done here too where it can be). Takes over 'args' (may be NULL). Returns the whole answer
 * {"version":1,"live":bool,"at":RFC 3339,"items":[...],...}; NULL with the reason in words.
 */
json_t *ctl_call(struct ctl *c, const char *call, json_t *args, struct err *err);
/* Print the answer as the JSON envelope; returns EXIT_DONE. */
int ctl_print_json(const json_t *answer);
/* As ctl_call(), for a command: says why it failed (NULL then), and cleans every string when the answer is for people. */
json_t *ctl_ask(struct ctl *c, const char *call, json_t *args);
/* A point in time that a person typed: "4h" (so long ago), "13:58" (the last one), "2026-11-21", "2026-11-21 13:58",
 * "2026-11-21T13:58:02Z". False when it is none. */
bool ctl_time(const char *text, struct wall now, struct wall *t);
/* A point in time to come: "now", "4h" (so long after 'from'), "18:00" (the next one after it), or a date as above. False when it
 * is none, or is before 'from'. */
bool ctl_time_to_come(const char *text, struct wall from, struct wall *t);

/* ---- views ----------------------------------------------------------------------------------------------------------- */

/* Devices that have said something in their last round, or nothing; the others were not asked yet. */
struct heard { uint32_t answering, silent; };

struct daemon;
struct view {
	const struct config *config;
	struct model *model;
	struct alert_book *book;
	struct maintenance *maintenance;
	struct alert_book *present;	/* view_book() */
	struct ledger *ledger;		/* reading handle; NULL when there is none yet */
	struct wall now;
	bool live;			/* in the daemon */
	bool stale;			/* not live, and the last cycle is older than three intervals */
	bool starting;			/* live, and the causes are of the last run still: */
	uint32_t unheard;		/* so many devices and checks have not been heard of yet */
	struct span judged_in;		/* at the latest */
	struct wall polled_at;		/* end of the last cycle; 0 never */
	struct span cycle;		/* how long it took */
	struct heard heard;
	struct worker_numbers numbers;	/* summed over workers; live only */
	struct store_count store;	/* summed over stores; live only */
	struct daemon *daemon;		/* live only */
	const char *who;		/* user of the caller, for what is recorded */
};

/* Items for the call, or NULL with the reason. 'answer' is the envelope: a view may add keys beside items ("head"). */
typedef json_t *view_function(struct view *v, const json_t *args, json_t *answer, struct err *err);
struct view_call { const char *name; view_function *view; bool writes; };
extern const struct view_call view_calls[];	/* view.c; ended by name NULL */
const struct view_call *view_find(const char *name);

view_function view_status, view_risk, view_explain, view_whatif, view_windows, view_maintain,
	      view_accepted, view_accept, view_show, view_events, view_set, view_forget, view_debug, view_components;

/* From configuration and state folder, without a daemon; NULL with the reason. */
/* What parts carry, as the last files of the folder know it, for groups that weigh them: to be rebuilt then, when due. */
void carried_read(struct model *m, const char *folder);

struct view *view_open(const struct ctl *c, struct err *err);
void view_close(struct view *v);
json_t *view_answer(struct view *v, const struct view_call *call, const json_t *args, struct err *err);	/* the envelope */

/* JSON pieces that views share. */
/* The open alerts as they are now: without a daemon, judged here, whoever set what since. */
struct alert_book *view_book(struct view *v);
const struct alert *view_alert(struct view *v, const char *key);	/* of it; good until its next call; NULL: none */
void view_who(const struct view *v, char *buf, size_t size);	/* who asks, by name */
json_t *json_time(struct wall t);				/* RFC 3339 string, null when never */
json_t *json_count(uint64_t n);					/* integer, beyond 2^53 a decimal string */
json_t *json_lose(const struct verdict *v);			/* how many more can be lost: integer; null: cannot fail; -1: down */
const char *json_text(const json_t *object, const char *key);	/* "" when absent */
json_t *json_foreign(const void *text, size_t len_octets);	/* never NULL: octets that are no UTF-8 become \\xHH */
json_t *json_words(const char *text);				/* the same of a C string */
json_t *json_finite(double x);					/* null when it is no number, or infinite */
json_t *json_whole(double n);					/* json_count() of a double; null when it is not finite */
void json_clean(json_t *value);					/* every string in it: fit for a terminal */
/* Calendars by name that say something of a group; the first trouble that is ahead of a service, null when none. */
json_t *view_calendars(struct view *v, const struct entity *group, uint64_t calendars);
json_t *view_coming(struct view *v, const struct entity *service);
/* "31 Dec 09:00: degraded unless app2 is back". */
char *coming_words(const json_t *when_unix, const json_t *repair, const char *quality, char *buf, size_t size_octets);
struct wall json_wall(const json_t *object, const char *key);	/* of an RFC 3339 time; 0 when there is none */
json_int_t json_int(const json_t *object, const char *key);	/* 0 when absent */
struct span json_span(const json_t *object, const char *key);	/* of seconds */

/* There is none of that name among these kinds (1 << enum ref_kind): the line says so, what it is instead, or what is near. */
enum fw_err name_unknown(struct err *err, const struct config *c, const char *what, unsigned kinds, const char *name);

/* ---- what of a view needs the daemon's other threads (daemon.c) ------------------------------------------------------------ */

/* A level set by a person: into model, ledger, alerts. */
enum fw_err daemon_set(struct daemon *d, const struct level *l, struct wall until, const char *who, struct err *err);
/* A window of maintenance that a person enters, or ends now: it is his own until FW_OK, then the daemon's. */
enum fw_err daemon_maintain(struct daemon *d, struct window *w, struct err *err);
enum fw_err daemon_maintain_end(struct daemon *d, uint32_t number, const char *who, struct err *err);
enum fw_err daemon_accept(struct daemon *d, struct acceptance *a, struct err *err);
enum fw_err daemon_withdraw(struct daemon *d, uint32_t number, const char *who, struct err *err);
enum fw_err daemon_forget(struct daemon *d, const char *component, const char *who, struct err *err);
json_t *daemon_debug(struct daemon *d);		/* mailboxes, workers, stores, ledger, senders */

/* Run for ever, or one cycle. Returns an exit status. */
struct daemon_options { bool once; const char *const *devices; size_t device_count; bool to_syslog; };
int daemon_run(const struct ctl *c, struct config *config, const struct daemon_options *o);

/* Screen: terminal width, colour, tables. */
struct screen { FILE *out; bool color; unsigned width; };
enum ink { INK_PLAIN, INK_GOOD, INK_WARN, INK_BAD, INK_DIM, INK_BOLD };
struct screen screen_of(const struct ctl *c);
const char *screen_ink(const struct screen *s, enum ink ink);	/* "" without colour; end with INK_PLAIN */
/* Pad or cut (with ...) to 'columns' code points; foreign text must be clean already. */
void screen_cell(const struct screen *s, const char *text, unsigned columns);
void screen_number(const struct screen *s, const char *text, unsigned columns);	/* so too, to the right */
/* The octets of 'text' that make one line of 'columns', broken at a blank; '*next' is where the next line begins. */
size_t screen_line(const char *text, unsigned columns, const char **next);
/* The rest of a line that begins at 'indent', wrapped there; ends with a newline. */
void screen_wrap(const struct screen *s, unsigned indent, const char *text);
void screen_label(const struct screen *s, const char *word);	/* 15 columns: the label of a line */
enum { SCREEN_LABEL = 15 };

/* Words for people (words.c). 'buf' is returned. */
char *lose_left_words(const json_t *item, char *buf, size_t size_octets);	/* quality, can_lose -> "can lose no more" */
char *age_words(struct span d, char *buf, size_t size_octets);		/* one part: "4 min" */
char *chance_words(double p, char *buf, size_t size_octets);		/* "about 1 in 120" */
enum ink state_ink(const char *state);

#endif
