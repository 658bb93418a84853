/* poller/config-int.h: how a configuration is read. Private to config*.c.
 *
 * Pieces come from conffile in the order of the files. Each is taken into the snapshot at once (config-take.c), apart
 * from what names other things: lists of names are kept raw, with their lines, until every name is known
 * (config-names.c). Then needs, members and parents are resolved, carries are turned round, and cycles are looked for
 * (config-cycle.c). What an option is called, its type, range, default and unit are one table (config-options.c),
 * from which libconfuse's tables, the checks of ranges and the manual's list are made.
 */
#ifndef FW_CONFIG_INT_H
#define FW_CONFIG_INT_H

#include "poller/config.h"

enum { NAME_OCTETS_MOST = 200, PATTERN_OCTETS_MOST = 1024, EXPAND_MOST = 100000, EXPAND_ALL_MOST = 5000000 };

/* ---- options (config-options.c) ---------------------------------------------------------------------------------- */

enum option_type {
	OPT_TEXT, OPT_TEXTS,		/* text; a list of texts */
	OPT_NAMES,			/* a list of names: ranges, any-of */
	OPT_SPAN,			/* "60s" */
	OPT_SIZE,			/* "1GiB" */
	OPT_COUNT, OPT_NUMBER, OPT_SWITCH,
	OPT_SECTIONS			/* subsections of its name */
};

struct option {
	const char *name;
	enum option_type type;
	const char *least, *most;	/* as the value is written; NULL: no bound */
	const char *fallback;		/* default, as it is written or in words; NULL: must be given or has none */
	const char *unit;		/* for people: "time", "number" */
	const char *text;		/* one sentence */
};

struct option_section {
	const char *name;		/* "" top level */
	bool titled;
	const struct option *option;
	unsigned count;
	const char *text;
	bool inner;			/* only within another */
};
extern const struct option_section option_sections[];
extern const unsigned option_section_count;

const struct option_section *option_section_find(const char *name);	/* must exist */
const struct option *option_find(const struct option_section *s, const char *name);	/* must exist */
/* libconfuse's table of everything, in 'a'. */
cfg_opt_t *options_for_libconfuse(struct arena *a);

/* ---- values (config-value.c) ------------------------------------------------------------------------------------- */

/* A default of the table as a value; must be well-formed there. */
struct span option_span(const char *section, const char *option);
long option_count(const char *section, const char *option);
uint64_t option_size(const char *section, const char *option);

/* "1GiB", "400 MB", "4096B"; false when it is none. */
bool size_parse(const char *text, uint64_t *octets);
/* The shortest exact way to write it: "1min", "1500ms"; "1GiB". 'buf' at least 32 octets; returns it. */
char *span_exact(struct span d, char *buf, size_t size_octets);
char *size_exact(uint64_t octets, char *buf, size_t size_octets);

/* ---- one section being read -------------------------------------------------------------------------------------- */

struct load;
struct section {
	struct load *l;
	const struct conf_piece *p;
	cfg_t *cfg;
	const struct option_section *of;
	const char *prefix;		/* path of a subsection within the piece, "check/login/"; else "" */
	char subject[2 * NAME_OCTETS_MOST + 64];	/* "device \"edge1\": ", for mistakes */
};

bool has_control(const char *text);
/* A mistake about 'option' of the section (its line), or about the section when NULL. */
void section_wrong(const struct section *s, const char *option, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool section_given(const struct section *s, const char *option);
struct place section_place(const struct section *s, const char *option);
/* Each leaves '*out' alone and returns false when the option is not given or has a mistake, which is then said. */
bool take_text(const struct section *s, const char *option, const char **out);		/* into the snapshot's arena */
bool take_span(const struct section *s, const char *option, struct span *out);
bool take_size(const struct section *s, const char *option, uint64_t *out);
bool take_count(const struct section *s, const char *option, long *out);
bool take_number(const struct section *s, const char *option, double *out);
bool take_switch(const struct section *s, const char *option, bool *out);
/* A list of texts into the snapshot's arena. */
bool take_texts(const struct section *s, const char *option, const char *const **out, uint32_t *count);

/* ---- the whole reading ------------------------------------------------------------------------------------------- */

enum list_kind { LIST_NEEDS, LIST_MEMBERS, LIST_PARENTS, LIST_CARRIES };
struct raw_item { const char *text; unsigned line; };
struct raw_list {
	enum list_kind kind;
	uint32_t owner;			/* index into config's refs */
	const char *file;
	struct raw_item *item;
	uint32_t count;
};

/* What a device's section said beside the snapshot's record, until the defaults are known. */
struct raw_device {
	const char *credentials;	/* NULL: the default's */
	unsigned credentials_line, watch_line;
	struct span every, check_timeout;	/* -1: not given */
	uint32_t ref;
	bool port_given, retries_given, window_given, request_rate_given, adaptive_given, ping_given, watch_given;
};

struct defaults {
	struct span timeout, every, check_timeout;
	long retries, port, window, request_rate;
	bool ping, adaptive;
	const char *credentials;
	struct place credentials_place;
	const char *const *watch;
	uint32_t watch_count;
	struct place watch_place;
};

struct load {
	struct config *c;
	struct mistakes *m;
	struct arena scratch;		/* until the snapshot is done */
	struct names credentials, calendars;	/* name -> index */
	struct names once;		/* sections and options of which there is one -> index into 'once_place' */
	struct place once_place[32];
	struct defaults defaults;
	struct raw_device *device;	uint32_t device_size;	/* parallel to the snapshot's devices */
	uint32_t check_size, component_size, calendar_size, group_size, service_size, notify_size, credentials_size, rates_size, ref_size;
	struct raw_list *list;		uint32_t list_count, list_size;
	uint64_t near_budget;		/* names that may still be compared to find near ones */
	uint64_t expanded;		/* names that ranges stood for, so far */
	bool no_mibs;
	bool incomplete;		/* a file could not be read: names that are unknown may well be in it */
	struct names broken;		/* titles of sections with a mistake: known, though not what they are */
	uint64_t mib_hash;
};

/* Room for one more in an array of the snapshot; returns it zeroed. */
void *grow(void *array_pointer, uint32_t *count, uint32_t *size, size_t item_octets);

/* config-take.c */
void take_piece(void *load, const struct conf_piece *p);
void take_broken(void *load, const struct conf_piece *p);
/* Might 'name' be a thing, had there been no mistakes? */
bool may_exist(const struct load *l, const char *name);
void take_csv_device(struct load *l, const char *name, struct place place, uint32_t *index);
void device_defaults(struct load *l);		/* when all is read */
void devices_finish(struct load *l);		/* when names are resolved: credentials, fingerprints */

/* The i-th subsection of this type; NULL after saying what is wrong with its name. */
const char *section_inner(const struct section *s, const char *type, unsigned i, struct section *sub);

/* config-calendar.c: when something is needed, and how much */
void take_calendar(const struct section *s);
void take_demand(const struct section *s, struct cfg_group *g);		/* of a group, and what calendars make of it */
void take_capacity(const struct section *s, uint64_t *out);
void demand_counts(struct load *l, const struct cfg_group *g);		/* when all its members are known */
void demands_check(struct load *l);		/* when all names are resolved */

/* config-settings.c: sections that are not things with a name in the graph */
void take_settings(const struct section *s);
void take_notify(const struct section *s);
void settings_default(struct load *l);
void settings_finish(struct load *l);
/* A path as written, relative to the folder of the file it stands in, made absolute; in the snapshot's arena. */
const char *path_beside(struct load *l, const char *file, const char *path);

/* config-rates.c: how often things fail */
void take_rates(const struct section *s);
void take_rate(const struct section *s, struct rate_given *out);
void rates_check(struct load *l);		/* when the classes are known */

/* config-credentials.c */
void take_credentials(const struct section *s);
/* 'community' or 'community-file' of a section; both is a mistake. False when neither is given or it is wrong. */
bool take_community(const struct section *s, const char **community, const char **file);

/* config-secret.c: the only line of the file 'path', named by 'option', that only its owner and group may read, in the
 * snapshot's secrets; NULL after saying why not. */
const char *secret_read(const struct section *s, const char *option, const char *path);

/* config-address.c */
/* "192.0.2.1", "host.example", with ":port" or "[v6]:port"; '*port' is left alone without one. */
enum fw_err address_parse(const char *text, char *host, size_t size_octets, uint16_t *port, struct err *err);
/* Fill in 'sockaddr' and 'literal' from 'address' and 'port'. */
void device_sockaddr(struct cfg_device *d);

/* config-command.c: words as a shell splits them, without running one; NULL with the reason. */
const char *const *command_split(struct arena *a, const char *command, struct err *err);
/* {name} and {address} in one word; 'address' may be NULL (a check of no device): then false with the reason. */
const char *command_fill(struct arena *a, const char *word, const char *name, const char *address, struct err *err);

/* config-csv.c */
void take_csv(struct load *l, const char *path, struct place place);
/* 'text' is changed, and has one octet of room after its end. */
void take_csv_text(struct load *l, const char *file, char *text, size_t len_octets);

/* config-names.c */
/* Is it a name that may be given? Else false after saying why. 'what' is 'device "x": '. */
bool name_check(struct load *l, const char *name, struct place place, const char *what);
/* Put it into the one name space; returns its ref's index. Duplicates are said. */
uint32_t name_declare(struct load *l, enum ref_kind kind, uint32_t index, const char *name, struct place place);
struct raw_list *list_add(struct load *l, enum list_kind kind, uint32_t owner, const char *file, uint32_t count);
/* ', "x" is near' or "", into 'buf'; at most so often that it stays cheap. */
const char *near_text(struct load *l, const struct names *names, const char *name, char *buf, size_t size_octets);
const char *ref_kind_word(enum ref_kind kind);
/* 'device "edge1"' into 'buf'. */
const char *ref_subject(const struct ref *r, char *buf, size_t size_octets);
struct place ref_place(const struct config *c, const struct ref *r);
struct needs *ref_needs(struct config *c, const struct ref *r);

/* config-resolve.c */
void lists_resolve(struct load *l);

/* config-cycle.c */
void cycles_find(struct load *l);

/* config-mib.c */
void mibs_load(struct load *l);
/* Like near_text(), of the classes of the definitions. */
const char *class_near(struct load *l, const char *class_name, char *buf, size_t size_octets);
/* watch = {"CLASS/PATTERN"}: known classes. 'subject' is 'device "x"'. */
void watch_check(struct load *l, const char *const *watch, uint32_t count, const char *subject, struct place place);

/* config-print.c: the options as the manual lists them, in mdoc. */
void config_print_manual(FILE *out);

/* config.c: for fuzzing, without reading MIB definitions. */
struct config *config_load_bare(const char *name, const char *text, size_t len_octets, struct mistakes *m);
struct config *config_load_table(const char *name, const char *text, size_t len_octets, struct mistakes *m);

#endif
